"""An installation that is reached by https, and one where many sign in at once."""
import statistics
import threading
import time

import pytest
import staff
from driver.server import Server


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    config = tmp_path_factory.mktemp("https") / "postlude.ini"
    config.write_text("[server]\npublic_url=https://desk.example\n")
    with Server(options=["--config", str(config)]) as server:
        server.cli("shop", "add", "demo", "--name", "Demo")
        server.start()
        yield server


def test_the_cookie_is_of_this_host_and_of_https_alone(secure):
    made = staff.Desk(secure.port).get("/sign-in").header("Set-Cookie")
    assert made.startswith("__Host-session="), made
    assert "; Secure" in made and "; Path=/" in made and "; HttpOnly" in made and "domain" not in made.lower()


def test_the_first_link_leads_to_the_public_address(secure):
    assert "https://desk.example/set-up/" in secure.log()
    owner = staff.owner(secure)
    assert set(owner.cookies) == {"__Host-session"}
    assert owner.get("/s/demo").status == 200
    tossed = staff.Desk(secure.port)
    tossed.cookies = {"session": owner.cookies["__Host-session"]}
    assert tossed.get("/s/demo", follow=False).status == 303


def test_a_link_of_the_command_line_too(secure):
    assert "https://desk.example/set-up/" in secure.cli("user", "add", "ben@example.com", "--shop", "demo")


def test_many_who_sign_in_hold_up_no_page(secure):
    """Passwords cost most of a second each; pages are answered meanwhile as ever."""
    answers, waits = [], []

    def guess(number):
        desk = staff.Desk(secure.port)
        page = desk.get("/sign-in")
        answers.append(page.form("/sign-in", email=f"who{number}@example.com", password="wrong on purpose").status)

    began = time.monotonic()
    threads = [threading.Thread(target=guess, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        asked = time.monotonic()
        assert staff.Desk(secure.port).get("/health").status == 200
        waits.append(time.monotonic() - asked)
        time.sleep(0.01)
    total = time.monotonic() - began
    assert sorted(set(answers)) == [422], answers
    assert len(waits) > 10 and statistics.median(waits) < total / 20, (len(waits), statistics.median(waits), total)
    print(f"6 sign-ins in {total:.1f} s, a page meanwhile in {statistics.median(waits) * 1000:.1f} ms")
