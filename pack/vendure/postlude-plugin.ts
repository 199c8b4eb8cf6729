/* postlude-plugin.ts - tells Postlude of every order of a Vendure shop (Vendure 3).
 *
 * Copy this file to src/plugins/ of the shop and add to its vendure-config.ts:
 *
 *     plugins: [
 *         PostludePlugin.init({
 *             url: 'https://mail.example.com/in/SHOP/generic',
 *             secret: process.env.POSTLUDE_SECRET, // whsec_..., the same as generic.secret in Postlude
 *         }),
 *     ]
 *
 * Whatever happens to an order, its fulfilments or its refunds, the whole order is read anew and posted, so that it does
 * not matter in which order posts arrive or how often. Carts that nobody has placed yet are never told. Posts are jobs of
 * the shop's job queue: what fails is tried again, also after a restart.
 */
import { createHmac, randomUUID } from 'crypto';

import { OnApplicationBootstrap } from '@nestjs/common';
import {
    ConfigService,
    EventBus,
    Fulfillment,
    FulfillmentStateTransitionEvent,
    ID,
    JobQueue,
    JobQueueService,
    Logger,
    Order,
    OrderLine,
    OrderService,
    OrderStateTransitionEvent,
    PluginCommonModule,
    Refund,
    RefundStateTransitionEvent,
    RequestContext,
    RequestContextService,
    TransactionalConnection,
    TranslatorService,
    VendurePlugin,
} from '@vendure/core';

export interface PostludeOptions {
    /** Where Postlude listens for this shop: https://.../in/SHOP/generic */
    url: string;
    /** whsec_ and base64, as Standard Webhooks writes secrets. */
    secret: string;
    /** How often a post is tried again. How long it waits in between is the job queue's backoffStrategy. */
    retries?: number;
}

/** What waits in the job queue. The order itself is read when it is sent. */
type Told = { orderId: ID; id: string; channelToken: string; languageCode: RequestContext['languageCode'] };

const RELATIONS = [
    'customer.user',
    'lines.productVariant.product',
    'surcharges',
    'shippingLines.shippingMethod',
    'payments.refunds.lines',
    'fulfillments.lines',
] as const;

const PATIENCE_MS = 15_000;

@VendurePlugin({ imports: [PluginCommonModule], compatibility: '^3.0.0' })
export class PostludePlugin implements OnApplicationBootstrap {
    private static options: PostludeOptions;
    private queue: JobQueue<Told>;

    constructor(
        private eventBus: EventBus,
        private jobQueueService: JobQueueService,
        private orderService: OrderService,
        private connection: TransactionalConnection,
        private contexts: RequestContextService,
        private translator: TranslatorService,
        private config: ConfigService,
    ) {}

    static init(options: PostludeOptions): typeof PostludePlugin {
        if (!options.url || !options.secret?.startsWith('whsec_')) {
            throw new Error('PostludePlugin needs a url, and a secret that begins with whsec_');
        }
        PostludePlugin.options = options;
        return PostludePlugin;
    }

    async onApplicationBootstrap() {
        this.queue = await this.jobQueueService.createQueue<Told>({
            name: 'postlude',
            process: job => this.tell(job.data as Told),
        });
        this.eventBus.ofType(OrderStateTransitionEvent).subscribe(event => this.wait(event.ctx, event.order.id));
        this.eventBus.ofType(RefundStateTransitionEvent).subscribe(event => this.wait(event.ctx, event.order.id));
        this.eventBus.ofType(FulfillmentStateTransitionEvent).subscribe(async event => {
            const found = await this.connection.getRepository(event.ctx, Fulfillment).findOne({
                where: { id: event.fulfillment.id },
                relations: { orders: true },
            });
            for (const order of found?.orders ?? []) {
                await this.wait(event.ctx, order.id);
            }
        });
    }

    private async wait(ctx: RequestContext, orderId: ID) {
        const told: Told = {
            orderId,
            id: `msg_${randomUUID()}`,
            channelToken: ctx.channel.token,
            languageCode: ctx.languageCode,
        };
        try {
            await this.queue.add(told, { retries: PostludePlugin.options.retries ?? 25 });
        } catch (error) {
            Logger.error(`order ${orderId} could not be queued: ${error}`, 'PostludePlugin');
        }
    }

    private async tell(told: Told) {
        const ctx = await this.contexts.create({
            apiType: 'admin',
            channelOrToken: told.channelToken,
            languageCode: told.languageCode,
        });
        // Taken before reading: of two documents, the one with the later moment never knows less.
        const readAt = new Date();
        const order = await this.orderService.findOne(ctx, told.orderId, [...RELATIONS]);
        if (!order || !order.orderPlacedAt || order.state === 'Modifying' || order.type === 'Seller') {
            return; // a cart, half a change, or a vendor's part of an order that its buyer knows as a whole
        }
        const document = { type: 'order.changed', readAt, languageCode: told.languageCode, order: this.document(ctx, order) };
        await this.post(told.id, JSON.stringify(document));
    }

    private async post(id: string, body: string) {
        const at = Math.floor(Date.now() / 1000);
        const key = Buffer.from(PostludePlugin.options.secret.slice('whsec_'.length), 'base64');
        const tag = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64');
        const answer = await fetch(PostludePlugin.options.url, {
            method: 'POST',
            headers: {
                'Content-Type': 'application/json',
                'webhook-id': id,
                'webhook-timestamp': String(at),
                'webhook-signature': `v1,${tag}`,
            },
            body,
            signal: AbortSignal.timeout(PATIENCE_MS),
        });
        if (!answer.ok) {
            throw new Error(`Postlude answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`);
        }
    }

    // ---- an order, as map/vendure.json reads it; amounts as people write them: "12.50" ------------------------------

    private document(ctx: RequestContext, order: Order) {
        const refunds = order.payments.flatMap(payment => payment.refunds).filter(refund => refund.state === 'Settled');
        const methods = order.shippingLines.flatMap(line => line.shippingMethod ?? []);
        const { customer } = order;
        // A cancelled order counts nothing any more; its buyer is told what it was, as far as the shop still knows.
        const cancelled = order.state === 'Cancelled';
        const shipping = cancelled ? sum(order.shippingLines.map(line => line.priceWithTax)) : order.shippingWithTax;
        return {
            id: order.id,
            code: order.code,
            state: order.state,
            paymentState: paymentState(order, refunds),
            shippedState: shippedState(order),
            currencyCode: order.currencyCode,
            orderPlacedAt: order.orderPlacedAt,
            updatedAt: order.updatedAt,
            couponCodes: order.couponCodes,
            customer: customer && {
                id: customer.id,
                account: Boolean(customer.user),
                emailAddress: customer.emailAddress,
                firstName: customer.firstName,
                lastName: customer.lastName,
                phoneNumber: customer.phoneNumber,
            },
            shippingAddress: order.shippingAddress,
            billingAddress: order.billingAddress,
            shippingMethods: methods.map(method => this.translator.translate(method, ctx).name),
            surchargesWithTax: this.amount(sum(order.surcharges.map(surcharge => surcharge.priceWithTax))),
            discountWithTax: cancelled ? undefined : this.amount(-sum(order.discounts.map(discount => discount.amountWithTax))),
            shippingWithTax: this.amount(shipping),
            tax: cancelled ? undefined : this.amount(order.totalWithTax - order.total),
            totalWithTax: cancelled ? undefined : this.amount(order.totalWithTax),
            lines: order.lines.filter(line => line.quantity > 0 || cancelled).map(line => this.line(line)),
            fulfillments: order.fulfillments.map(fulfillment => ({
                id: fulfillment.id,
                state: fulfillment.state,
                method: fulfillment.method,
                trackingCode: fulfillment.trackingCode,
                updatedAt: fulfillment.updatedAt,
                lines: fulfillment.lines.map(line => ({ orderLineId: line.orderLineId, quantity: line.quantity })),
            })),
            refunds: refunds.map(refund => ({
                id: refund.id,
                total: this.amount(refund.total),
                updatedAt: refund.updatedAt,
                lines: refund.lines.map(line => ({ orderLineId: line.orderLineId, quantity: line.quantity })),
            })),
        };
    }

    private line(line: OrderLine) {
        const quantity = line.quantity || line.orderPlacedQuantity;
        // Vendure rounds a line as a whole: what that makes of three prices with tax is in the discount, to the cent.
        const charged = line.quantity ? line.proratedLinePriceWithTax : line.proratedUnitPriceWithTax * quantity;
        return {
            id: line.id,
            productId: line.productVariant.productId,
            variantId: line.productVariant.id,
            sku: line.productVariant.sku,
            name: line.productVariant.name,
            quantity,
            unitPriceWithTax: this.amount(line.unitPriceWithTax),
            discountWithTax: this.amount(line.unitPriceWithTax * quantity - charged),
        };
    }

    /** Vendure counts money in whole numbers of a fraction that the shop can choose, for every currency alike. */
    private amount(units: number): string {
        const digits = this.config.entityOptions.moneyStrategy?.precision ?? 2;
        return (units / 10 ** digits).toFixed(digits);
    }
}

function sum(numbers: number[]): number {
    return numbers.reduce((all, one) => all + one, 0);
}

function paymentState(order: Order, refunds: Refund[]): string {
    const settled = sum(order.payments.filter(payment => payment.state === 'Settled').map(payment => payment.amount));
    const back = sum(refunds.map(refund => refund.total));
    if (back > 0) {
        return back < settled ? 'PartiallyRefunded' : 'Refunded';
    }
    if (settled > 0) {
        return settled < order.totalWithTax ? 'PartiallySettled' : 'Settled';
    }
    if (order.state === 'Cancelled') {
        return 'Cancelled';
    }
    return order.state === 'PaymentAuthorized' || order.totalWithTax > 0 ? 'Authorized' : 'Settled';
}

function shippedState(order: Order): string {
    const left = order.fulfillments.filter(({ state }) => state === 'Shipped' || state === 'Delivered');
    const shipped = sum(left.flatMap(fulfillment => fulfillment.lines.map(line => line.quantity)));
    return shipped === 0 ? 'None' : shipped < order.totalQuantity ? 'Partial' : 'All';
}
