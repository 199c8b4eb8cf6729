"""Who may come in: signing in and out, links, roles, forms of other people, guessing."""
import re
import statistics
import time

import pytest
import staff

LINK = "/s/demo/users"


def alerts(page):
    return page.words


def test_without_a_session_every_page_leads_to_the_sign_in_and_back(stage):
    nobody = staff.Desk(stage.server.port)
    sent = nobody.get("/s/demo/users?x=1&y=a%20b", follow=False)
    assert (sent.status, sent.header("Location")) == (303, "/sign-in?to=%2Fs%2Fdemo%2Fusers%3Fx%3D1%26y%3Da%2520b")
    page = nobody.get(sent.header("Location"))
    landed = page.form("/sign-in", email="Ana@Example.com", password=staff.PASSWORD)
    assert landed.path == "/s/demo/users?x=1&y=a%20b" and landed.status == 200


@pytest.mark.parametrize("to", ["//evil.example/", "https://evil.example", "/\\evil.example", "javascript:alert(1)",
                                "/\tx", "%2F%2Fevil.example"])
def test_the_way_back_is_on_this_host(stage, to):
    nobody = staff.Desk(stage.server.port)
    page = nobody.get("/sign-in")
    sent = page.form("/sign-in", follow=False, email="ana@example.com", password=staff.PASSWORD, to=to)
    assert (sent.status, sent.header("Location")) == (303, "/")


def test_the_session_is_new_at_sign_in(stage):
    """Fixation: what somebody planted in a browser before never becomes a session."""
    victim = staff.Desk(stage.server.port)
    victim.get("/sign-in")
    planted = dict(victim.cookies)
    victim.sign_in("ana@example.com")
    assert victim.get("/account").status == 200
    assert victim.cookies["session"] != planted["session"]
    attacker = staff.Desk(stage.server.port)
    attacker.cookies = planted
    assert attacker.get("/account", follow=False).status == 303


def test_the_store_holds_no_secret(stage):
    desk = staff.Desk(stage.server.port)
    desk.sign_in("ana@example.com")
    kept = stage.server.rows("SELECT hex(hash) FROM session") + stage.server.rows("SELECT password FROM users")
    assert all(desk.cookies["session"] not in row[0] for row in kept)
    assert all(row[0].startswith("$argon2id$v=19$m=262144,t=3,p=1$") for row in
               stage.server.rows("SELECT password FROM users WHERE password IS NOT NULL"))


def test_the_cookie_is_kept_from_scripts_and_other_sites(stage):
    made = staff.Desk(stage.server.port).get("/sign-in").header("Set-Cookie")
    assert made.startswith("session=") and "HttpOnly" in made and "SameSite=Lax" in made and "Path=/" in made


def test_signing_out_ends_it_in_the_store(stage):
    desk = staff.Desk(stage.server.port)
    page = desk.sign_in("ana@example.com")
    stolen = dict(desk.cookies)
    page.form("/sign-out")
    desk.cookies = stolen
    assert desk.get("/account", follow=False).status == 303


def test_a_wrong_password_says_so_and_keeps_the_address(stage):
    page = staff.Desk(stage.server.port).sign_in("ana@example.com", "not the one at all")
    assert page.status == 422
    assert "The mail address or the password is not right." in page.words
    fields = dict(page.forms())["/sign-in"]
    assert (fields["email"], fields["password"]) == ("ana@example.com", "")
    assert re.search(r'<div class="errors" role="alert" tabindex="-1" autofocus', page.html)


def test_nobody_takes_as_long_as_somebody(stage):
    """Whether an account exists cannot be told from the answer or from its time."""
    times = {"ana@example.com": [], "nobody@example.com": []}
    words = set()
    for _ in range(3):
        for email, took in times.items():
            desk = staff.Desk(stage.server.port)
            page = desk.get("/sign-in")
            began = time.monotonic()
            answer = page.form("/sign-in", email=email, password="wrong on purpose")
            took.append(time.monotonic() - began)
            words.add((answer.status, answer.words.replace(email, "")))
    assert len(words) == 1, words
    somebody, nobody = (statistics.median(times[email]) for email in times)
    assert 0.4 < nobody / somebody < 2.5, times


# ---- forms of other people ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/account/password", "/account/sessions", "/s/demo/users"])
def test_a_form_without_its_token_changes_nothing(stage, path):
    before = stage.server.rows("SELECT count(*) FROM session"), stage.server.rows("SELECT count(*) FROM users")
    fields = {"email": "eve@example.com", "role": "owner", "session": "others", "old": staff.PASSWORD,
              "password": "four other long words"}
    assert stage.owner.post(path, fields).status == 403
    assert stage.owner.post(path, fields | {"token": "A" * 43}).status == 403
    other = stage.stranger.token()
    assert stage.owner.post(path, fields | {"token": other}).status == 403
    after = stage.server.rows("SELECT count(*) FROM session"), stage.server.rows("SELECT count(*) FROM users")
    assert before == after


def test_a_form_from_another_site_is_refused_whatever_it_holds(stage):
    token = stage.owner.token()
    answer = stage.owner.post("/s/demo/users", {"token": token, "email": "eve@example.com", "role": "owner"},
                              headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 403 and "nother site" in answer.words


def test_a_token_as_json_is_no_form(stage):
    answer = stage.owner.ask("POST", "/s/demo/users", '{"token": "x"}', {"Content-Type": "text/plain"})
    assert answer.status == 400


# ---- roles ---------------------------------------------------------------------------------------------


def test_a_viewer_changes_nothing_but_what_is_their_own(stage):
    assert stage.viewer.get("/s/demo").status == 200
    assert stage.viewer.get("/s/demo/users").status == 403
    refused = stage.viewer.post("/s/demo/users", {"token": stage.viewer.token(), "email": "x@example.com",
                                                  "role": "viewer"})
    assert refused.status == 403
    ended = stage.viewer.post("/account/sessions", {"token": stage.viewer.token(), "session": "others"})
    assert ended.status == 200 and "Signed out there." in ended.words


def test_another_shop_is_nothing_at_all(stage):
    gone = stage.stranger.get("/s/demo")
    never = stage.stranger.get("/s/never")
    assert (gone.status, never.status) == (404, 404) and gone.words == never.words
    assert stage.stranger.post("/s/demo/users", {"token": stage.stranger.token(), "email": "x@example.com",
                                                 "role": "owner"}).status == 404
    assert stage.stranger.get("/s/other").status == 200


def test_asked_in_with_a_link_that_works_once(stage):
    page = stage.owner.get("/s/demo/users").form("/s/demo/users", email="Ben@Example.com", name="Ben", role="viewer")
    link = staff.link_of(page.html)
    for _ in range(2):  # a scanner that follows it does not use it up
        assert staff.Desk(stage.server.port).get(link).status == 200
    ben = staff.Desk(stage.server.port)
    weak = ben.set_up(link, "ben@example.com", "Ben", "ben@example.com")
    assert weak.status == 422 and "first that a stranger would try" in weak.words
    assert ben.set_up(link, "ben@example.com", "Ben").status == 200
    assert ben.get("/s/demo").status == 200
    assert staff.Desk(stage.server.port).get(link).status == 404


def test_a_link_of_another_address_makes_nobody_else(stage):
    """Who was asked in cannot become somebody else by changing the form."""
    page = stage.owner.get("/s/demo/users").form("/s/demo/users", email="cleo@example.com", role="viewer")
    link = staff.link_of(page.html)
    cleo = staff.Desk(stage.server.port)
    cleo.set_up(link, "ana@example.com", "Cleo")
    assert "cleo@example.com" in cleo.get("/account").words


def test_an_owner_of_one_shop_cannot_take_over_an_account_of_two(stage):
    """A link sets a password: for whoever is of another shop too, that would open that shop. And whoever was asked in
    elsewhere first may have a password that somebody else has made: only the installation lets such an account in."""
    user = stage.server.rows("SELECT id FROM users WHERE email = 'vera@example.com'")[0][0]
    page = stage.stranger.get("/s/other/users").form("/s/other/users", email="vera@example.com", role="viewer")
    assert page.status == 403 and "/set-up/" not in page.html and "postlude user add" in page.words
    assert stage.server.rows("SELECT count(*) FROM user_role WHERE user_id = ? AND shop <> 1", (user,)) == [(0,)]
    stage.server.cli("user", "add", "vera@example.com", "--shop", "other", "--role", "viewer")
    answer = stage.stranger.post(f"/s/other/users/{user}", {"token": stage.stranger.token(), "do": "link"})
    assert answer.status == 403 and "/set-up/" not in answer.html


def test_the_last_owner_stays(stage):
    user = stage.server.rows("SELECT id FROM users WHERE email = 'ana@example.com'")[0][0]
    said = stage.server.run("user", "remove", "ana@example.com")
    assert said.returncode != 0 and "last owner" in said.stderr
    token = stage.owner.token()
    assert stage.owner.post(f"/s/demo/users/{user}", {"token": token, "do": "viewer"}).status == 404


def test_removed_is_signed_out(stage):
    gone = staff.member(stage.server, "gus@example.com", "demo", "viewer")
    stage.server.cli("user", "remove", "gus@example.com", "--shop", "demo")
    assert gone.get("/s/demo", follow=False).status == 303
    assert stage.server.rows("SELECT count(*) FROM users WHERE email = 'gus@example.com'") == [(0,)]


def test_a_new_password_ends_all_other_sessions(stage):
    desk = staff.member(stage.server, "ida@example.com", "demo", "viewer")
    other = staff.Desk(stage.server.port)
    other.sign_in("ida@example.com")
    page = desk.get("/account").form("/account/password", old="wrong on purpose", password="walk far in green boots")
    assert page.status == 422 and "not your password" in page.words
    page = desk.get("/account").form("/account/password", old=staff.PASSWORD, password="walk far in green boots")
    assert page.status == 200 and "holds from now on" in page.words
    assert other.get("/account", follow=False).status == 303
    assert staff.Desk(stage.server.port).sign_in("ida@example.com", "walk far in green boots").status == 200


def test_a_field_that_is_not_declared_does_not_exist(stage):
    page = stage.owner.get("/s/demo/users")
    page.form("/s/demo/users", email="finn@example.com", role="viewer", shop="2", user_id="1", everywhere="1",
              password="x", id="7")
    assert stage.server.rows("SELECT r.shop, r.role, u.password FROM users u JOIN user_role r ON r.user_id = u.id "
                             "WHERE u.email = 'finn@example.com'") == [(1, "viewer", None)]


# ---- time ------------------------------------------------------------------------------------------------


def test_guessing_waits_and_then_goes_on(stage):
    desk = staff.member(stage.server, "gil@example.com", "demo", "viewer")
    desk.cookies.clear()
    page = None
    for _ in range(7):
        page = desk.sign_in("gil@example.com", "wrong on purpose")
        if page.status == 429:
            break
    assert page.status == 429 and "The next try is possible in" in page.words
    assert desk.sign_in("gil@example.com").status == 429, "the right one waits, too"
    stage.scene.turn(20 * 60 * 1000)
    assert desk.sign_in("gil@example.com").status == 200


def test_a_session_ends_when_idle_and_at_the_latest_after_two_weeks(stage):
    desk = staff.Desk(stage.server.port)
    desk.sign_in("ana@example.com")
    stage.scene.turn(11 * 3600 * 1000)
    assert desk.get("/account").status == 200
    time.sleep(0.2)  # that it was used is written a moment later
    stage.scene.turn(11 * 3600 * 1000)
    assert desk.get("/account", follow=False).status == 200
    time.sleep(0.2)
    stage.scene.turn(13 * 3600 * 1000)
    assert desk.get("/account", follow=False).status == 303
    desk.sign_in("ana@example.com")
    for _ in range(14 * 24 // 11):
        stage.scene.turn(11 * 3600 * 1000)
        assert desk.get("/account", follow=False).status == 200
        time.sleep(0.05)
    stage.scene.turn(11 * 3600 * 1000)
    assert desk.get("/account", follow=False).status == 303
    stage.owner.sign_in("ana@example.com")
    stage.viewer.sign_in("vera@example.com")
    stage.stranger.sign_in("otto@example.com")


def test_a_link_has_its_day(stage):
    said = stage.server.cli("user", "password", "ana@example.com")
    stage.scene.turn(25 * 3600 * 1000)
    assert staff.Desk(stage.server.port).get(staff.link_of(said)).status == 404
