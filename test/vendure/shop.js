/* shop.js - a Vendure shop as its makers ship it, with our plugin: what test_vendure.py buys from.
 *
 *     node shop.js PLUGIN.js URL SECRET
 *
 * SQLite is in WebAssembly and in memory, so nothing is left behind. Prints one line of JSON when it listens. A line
 * `again` on standard input lets all orders' events happen once more and is answered with how many there were; the end
 * of it ends the shop.
 */
'use strict';
const path = require('path');
const readline = require('readline');

const core = require('@vendure/core');
const { populate } = require('@vendure/core/cli');

const { PostludePlugin } = require(path.resolve(process.argv[2]));

const config = core.mergeConfig(core.defaultConfig, {
    apiOptions: { port: 0, hostname: '127.0.0.1', adminApiPath: 'admin-api', shopApiPath: 'shop-api' },
    authOptions: {
        tokenMethod: 'bearer',
        superadminCredentials: { identifier: 'superadmin', password: 'superadmin' },
        requireVerification: false,
    },
    dbConnectionOptions: { type: 'sqljs', synchronize: true, logging: false },
    logger: new core.DefaultLogger({ level: core.LogLevel.Warn }),
    paymentOptions: { paymentMethodHandlers: [core.dummyPaymentHandler] },
    catalogOptions: { stockDisplayStrategy: new core.DefaultStockDisplayStrategy() },
    importExportOptions: { importAssetsDir: __dirname },
    plugins: [
        core.DefaultJobQueuePlugin.init({ pollInterval: 50, backoffStrategy: () => 200 }),
        PostludePlugin.init({ url: process.argv[3], secret: process.argv[4], retries: 100 }),
    ],
});

const initialData = {
    defaultLanguage: 'en',
    defaultZone: 'Europe',
    countries: [
        { code: 'PT', name: 'Portugal', zone: 'Europe' },
        { code: 'DE', name: 'Germany', zone: 'Europe' },
    ],
    taxRates: [{ name: 'Standard Tax', percentage: 20 }],
    shippingMethods: [
        { name: 'Standard', price: 490 },
        { name: 'Express', price: 1250 },
    ],
    paymentMethods: [
        { name: 'card', handler: { code: 'dummy-payment-handler', arguments: [{ name: 'automaticSettle', value: 'true' }] } },
        { name: 'invoice', handler: { code: 'dummy-payment-handler', arguments: [{ name: 'automaticSettle', value: 'false' }] } },
    ],
    collections: [],
};

/* What a queue that delivers at least once does on a bad day. */
async function again(app) {
    const ctx = await app.get(core.RequestContextService).create({ apiType: 'admin' });
    const connection = app.get(core.TransactionalConnection);
    const bus = app.get(core.EventBus);
    let events = 0;
    for (const order of await connection.getRepository(ctx, core.Order).find()) {
        await bus.publish(new core.OrderStateTransitionEvent('ArrangingPayment', order.state, ctx, order));
        events++;
    }
    for (const fulfillment of await connection.getRepository(ctx, core.Fulfillment).find()) {
        await bus.publish(new core.FulfillmentStateTransitionEvent('Pending', fulfillment.state, ctx, fulfillment));
        events++;
    }
    return events;
}

async function main() {
    const app = await populate(() => core.bootstrap(config), initialData, path.join(__dirname, 'products.csv'));
    await app.get(core.JobQueueService).start();
    const { port } = app.getHttpServer().address();
    const say = what => process.stdout.write(JSON.stringify(what) + '\n');
    readline.createInterface({ input: process.stdin })
        .on('line', async () => say({ events: await again(app) }))
        .on('close', () => process.exit(0));
    say({ port });
}

main().catch(error => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
});
