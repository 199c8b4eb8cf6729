"""A restore in bad company: files that are no backup, folders in use, other keys, full disks, a kill at any moment; and
whoever was erased after the backup was made stays erased."""

import json
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from driver import flow, shopify
from driver.scene import Scene, iso
from driver.server import Server, binary

BODY = shopify.fixture("shopify/order_1001.json")
ANA = ("ana@example.com", "Rua da Atalaia")


@pytest.fixture
def scene():
    made = Scene()
    made.add_shop("demo", {})
    made.sink("sink")
    yield made
    flow.finish(made, flow.Step("the test", "", None, False))
    made.close()


def post(scene, delivery, body):
    assert scene.post("/in/demo/shopify", body, "orders/create", delivery, "demo", {}).status == 200


def order(number, **more):
    made = json.loads(BODY.replace(b"Rua da Atalaia 12", b"Storgatan 1").replace(b"ana@example.com", b"bo@example.com")) | {"id": 5837205000000 + number, "name": f"#{number}", "email": f"b{number}@example.com", "customer": None,
                               "phone": None} | more
    return json.dumps(made).encode()


def verb(*words, **more):
    ran = subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, timeout=60, check=False, **more)
    return ran.returncode, ran.stdout + ran.stderr


def restore(scene, file, folder, *more, **options):
    return verb("restore", file, "--key-file", scene.server.data / "secret.key", "--data", folder, *more, **options)


def backup(scene, tmp_path, name="copy.db"):
    scene.server.cli("backup", str(tmp_path / name))
    return tmp_path / name


def rows(folder, query):
    with sqlite3.connect(f"file:{folder / 'postlude.db'}?mode=ro", uri=True) as store:
        return store.execute(query).fetchall()


def erase(scene, address="ana@example.com"):
    scene.server.cli("privacy", "demo", "erase", address)
    scene.live.control("work")


def traces(folder, *words):
    bytes_ = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file()).lower()
    return [word for word in words if word.lower().encode() in bytes_]


# ---- who was erased stays erased ---------------------------------------------------------------------------------------

def test_whoever_was_erased_after_the_backup_is_erased_again(scene, tmp_path):
    post(scene, "ana", BODY)
    post(scene, "bo", order(2))
    scene.live.control("work")
    file = backup(scene, tmp_path)
    erase(scene)
    folder = tmp_path / "new"
    code, said = restore(scene, file, folder)
    assert code == 0 and "1 erasures of after the backup were done again" in said
    assert traces(folder, *ANA, "b2@example.com") == ["b2@example.com"]
    [(state, receipt)] = rows(folder, "SELECT state, receipt FROM privacy_ask")
    assert state == "done" and json.loads(receipt)["erased"]["orders"] == 1
    # The new folder knows of it, too: a backup of before, restored once more from there, does not bring her back either.
    again = tmp_path / "again"
    code, said = verb("restore", file, "--key-file", folder / "secret.key", "--data", again)
    assert code == 0 and traces(again, *ANA) == []
    code, said = verb("check", "--data", folder)
    assert code == 0 and "whole" in said


def test_the_list_names_nobody(scene, tmp_path):
    post(scene, "ana", BODY)
    scene.live.control("work")
    erase(scene)
    text = (scene.server.data / "erased.list").read_text()
    assert (scene.server.data / "erased.list").stat().st_mode & 0o777 == 0o600
    assert not any(word in text.lower() for word in ("ana", "example", "7301466235116"))
    assert [json.loads(line).get("kind") for line in text.split("\n") if line] == [None, "erase"]


def test_by_the_shop_systems_own_asking_with_its_orders(scene, tmp_path):
    post(scene, "ana", BODY)
    post(scene, "bo", order(2))
    scene.live.control("work")
    file = backup(scene, tmp_path)
    ask = {"shop_id": 1, "shop_domain": "demo.myshopify.com", "orders_to_redact": [5837205000002],
           "customer": {"id": 7301466235116, "email": "Ana@Example.com", "phone": None}}
    assert scene.post("/in/demo/shopify", json.dumps(ask).encode(), "customers/redact", "redact", "demo", {}).status == 200
    scene.live.control("work")
    folder = tmp_path / "new"
    code, said = restore(scene, file, folder)
    assert code == 0 and "1 erasures" in said
    assert rows(folder, "SELECT count(*) FROM orders WHERE email IS NOT NULL") == [(0,)]
    assert traces(folder, *ANA) == []


def test_a_whole_shop(scene, tmp_path):
    post(scene, "ana", BODY)
    scene.live.control("work")
    file = backup(scene, tmp_path)
    ask = {"shop_id": 1, "shop_domain": "demo.myshopify.com"}
    assert scene.post("/in/demo/shopify", json.dumps(ask).encode(), "shop/redact", "redact", "demo", {}).status == 200
    scene.live.control("work")
    folder = tmp_path / "new"
    code, said = restore(scene, file, folder)
    assert code == 0 and traces(folder, *ANA) == [], said


def test_who_came_back_before_the_backup_is_not_erased_again(scene, tmp_path):
    post(scene, "ana", BODY)
    scene.live.control("work")
    erase(scene)
    scene.turn(86_400_000)
    at = "2026-06-01T10:00:00Z"
    post(scene, "anew", order(7, email="ana@example.com", created_at=at, updated_at=at, processed_at=at))
    scene.live.control("work")
    file = backup(scene, tmp_path)
    code, said = restore(scene, file, tmp_path / "new")
    assert code == 0 and "erasures" not in said
    assert rows(tmp_path / "new", "SELECT name FROM orders WHERE email = 'ana@example.com'") == [("#7",)]


def test_a_shop_system_that_tells_again_what_the_backup_never_knew_does_not_bring_her_back(scene, tmp_path):
    file = backup(scene, tmp_path)
    post(scene, "ana", BODY)
    scene.live.control("work")
    scene.turn(2 * 3_600_000)  # the order says 09:58
    erase(scene)
    now = scene.live.control("now").split()[-1]
    folder = tmp_path / "new"
    assert restore(scene, file, folder)[0] == 0
    (folder / "scratch").touch()
    with Server(data=folder) as copy:
        copy.start()
        copy.control(f"at {now}")
        headers = shopify.headers("orders/updated", "told-again", shopify.sign("hush-demo", BODY), "2026-03-02T10:00:00Z")
        assert copy.http("POST", "/in/demo/shopify", BODY, headers).status == 200
        copy.control("work")
        assert copy.rows("SELECT count(*) FROM orders") == [(0,)]
        assert copy.rows("SELECT state FROM inbox") == [("same",)] and copy.rows("SELECT count(*) FROM inbox_body") == [(0,)]
        copy.stop()


def test_no_old_list_brings_her_back_even_where_the_backup_never_knew_her(scene, tmp_path):
    file = backup(scene, tmp_path)
    post(scene, "ana", BODY)
    scene.live.control("work")
    erase(scene)
    folder = tmp_path / "new"
    assert restore(scene, file, folder)[0] == 0
    table = tmp_path / "old.csv"
    table.write_text("email,suppression\nana@example.com,asked\n")
    assert verb("import", "--shop", "demo", "--format", "suppressions", table, "--data", folder)[0] == 0
    assert rows(folder, "SELECT count(*) FROM suppression WHERE address LIKE '%@%'") == [(0,)]
    assert rows(folder, "SELECT count(*) FROM suppression WHERE address LIKE 'erased:%'")[0][0] >= 2


def test_without_a_list_the_operator_has_to_say_so(scene, tmp_path):
    post(scene, "ana", BODY)
    scene.live.control("work")
    file = backup(scene, tmp_path)
    key = tmp_path / "paper" / "secret.key"
    key.parent.mkdir()
    shutil.copy(scene.server.data / "secret.key", key)
    code, said = verb("restore", file, "--key-file", key, "--data", tmp_path / "new")
    assert code == 2 and "--erased" in said and not (tmp_path / "new" / "postlude.db").exists()
    code, said = verb("restore", file, "--key-file", key, "--erased", "none", "--data", tmp_path / "new")
    assert code == 0 and "Erase them anew" in said


@pytest.mark.parametrize("text, said", [
    ("", "is empty"), ("hello\n", "no list of erasures"), ('{"list":"erased","key":"0000000000000000"}\n', "of another key"),
    ("\0\0\0", "no list of erasures"),
])
def test_a_list_that_is_none_is_refused(scene, tmp_path, text, said):
    file = backup(scene, tmp_path)
    (tmp_path / "list").write_text(text)
    code, words = restore(scene, file, tmp_path / "new", "--erased", tmp_path / "list")
    assert code != 0 and said in words
    assert not (tmp_path / "new" / "postlude.db").exists()
    code, words = restore(scene, file, tmp_path / "new", "--erased", tmp_path / "nowhere")
    assert code != 0 and "list of erasures" in words


def test_a_list_that_was_cut_off_or_written_twice_counts_for_what_it_says(scene, tmp_path):
    post(scene, "ana", BODY)
    scene.live.control("work")
    file = backup(scene, tmp_path)
    erase(scene)
    text = (scene.server.data / "erased.list").read_text()
    line = [line for line in text.split("\n") if '"ask"' in line][0]
    (tmp_path / "list").write_text(text + "\n" + line + "\nnot JSON\n[]\n{\"ask\":7}\n" + line[:40])
    code, said = restore(scene, file, tmp_path / "new", "--erased", tmp_path / "list")
    assert code == 0 and traces(tmp_path / "new", *ANA) == [], said


def test_a_list_in_the_folder_that_knows_more_than_the_one_beside_the_key_counts_and_stays(scene, tmp_path):
    """The store is broken, the key comes from the safe place, with a list from last year; the newest one is still there."""
    post(scene, "ana", BODY)
    post(scene, "bo", order(2))
    scene.live.control("work")
    file = backup(scene, tmp_path)
    safe = tmp_path / "safe"
    safe.mkdir()
    for name in ("secret.key", "erased.list"):
        shutil.copy(scene.server.data / name, safe / name)
    erase(scene)
    folder = tmp_path / "broken"
    folder.mkdir(mode=0o700)
    shutil.copy(scene.server.data / "erased.list", folder / "erased.list")
    shutil.copy(scene.server.data / "secret.key", folder / "secret.key")
    newest = [line for line in (folder / "erased.list").read_text().split("\n") if line]
    for n in range(3):
        code, said = verb("restore", file, "--key-file", safe / "secret.key", "--data", folder)
        assert code == 0 and "1 erasures" in said
        assert traces(folder, *ANA, "b2@example.com") == ["b2@example.com"]
        lines = [line for line in (folder / "erased.list").read_text().split("\n") if line]
        assert set(newest) <= set(lines) and len(lines) <= len(newest) + n + 1, n
        for path in folder.glob("postlude.db*"):
            path.unlink()
    # Also if nothing stands beside the key, and if somebody says that there is none.
    (safe / "erased.list").unlink()
    code, said = verb("restore", file, "--key-file", safe / "secret.key", "--data", folder)
    assert code == 0 and traces(folder, *ANA) == [], said
    for path in folder.glob("postlude.db*"):
        path.unlink()
    code, said = verb("restore", file, "--key-file", safe / "secret.key", "--erased", "none", "--data", folder)
    assert code == 0 and traces(folder, *ANA) == [] and "Without a list" not in said
    for path in folder.glob("postlude.db*"):
        path.unlink()
    (folder / "erased.list").write_text('{"list":"erased","key":"0000000000000000"}\n')
    code, said = verb("restore", file, "--key-file", safe / "secret.key", "--erased", "none", "--data", folder)
    assert code != 0 and "another key" in said


@pytest.mark.parametrize("left", ["", '{"list":"era'])
def test_a_list_whose_first_line_was_cut_off_is_begun_anew(scene, tmp_path, left):
    """Killed while the file was made: what is noted afterwards has to be readable."""
    post(scene, "ana", BODY)
    scene.live.control("work")
    file = backup(scene, tmp_path)
    (scene.server.data / "erased.list").write_text(left)
    erase(scene)
    code, said = restore(scene, file, tmp_path / "new")
    assert code == 0 and traces(tmp_path / "new", *ANA) == [], said


def test_a_list_that_was_taken_away_is_begun_anew(scene, tmp_path):
    post(scene, "ana", BODY)
    scene.live.control("work")
    file = backup(scene, tmp_path)
    (scene.server.data / "erased.list").unlink()
    erase(scene)
    code, said = restore(scene, file, tmp_path / "new")
    assert code == 0 and traces(tmp_path / "new", *ANA) == [], said


def test_who_had_asked_before_the_backup_stands_in_the_new_folders_list(scene, tmp_path):
    """Asked, and not done yet when the copy was made: the restore does it, and an older copy does not bring her back."""
    post(scene, "ana", BODY)
    scene.live.control("work")
    old = backup(scene, tmp_path, "old.db")
    scene.server.cli("privacy", "demo", "erase", "ana@example.com")
    pending = backup(scene, tmp_path, "pending.db")
    code, said = restore(scene, pending, tmp_path / "new", "--erased", "none")
    assert code == 0 and traces(tmp_path / "new", *ANA) == [], said
    code, said = verb("restore", old, "--key-file", tmp_path / "new" / "secret.key", "--data", tmp_path / "newer")
    assert code == 0 and "1 erasures" in said and traces(tmp_path / "newer", *ANA) == []


def test_who_was_one_person_with_her_only_after_the_backup_goes_too(scene, tmp_path):
    """Her second account was merged with the first, both were erased; in the backup they stand apart."""
    second = {"id": 888000111222, "email": "ana.second@example.com"}
    post(scene, "ana", BODY)
    post(scene, "second", order(2, email="ana.second@example.com", customer=json.loads(BODY)["customer"] | second))
    post(scene, "bo", order(3))
    scene.live.control("work")
    file = backup(scene, tmp_path)
    one, two = (scene.server.cli("customer", "demo", address).split()[0] for address in ("ana@example.com", "ana.second@example.com"))
    scene.server.cli("customer", "demo", "merge", two, one)
    erase(scene)
    folder = tmp_path / "new"
    code, said = restore(scene, file, folder)
    assert code == 0 and "1 erasures" in said
    assert traces(folder, *ANA, "ana.second@example.com", "b3@example.com") == ["b3@example.com"]
    assert rows(folder, "SELECT count(*) FROM privacy_ask WHERE state <> 'done'") == [(0,)]
    table = tmp_path / "old.csv"
    table.write_text("email,suppression\nana.second@example.com,asked\n")
    assert verb("import", "--shop", "demo", "--format", "suppressions", table, "--data", folder)[0] == 0
    assert rows(folder, "SELECT count(*) FROM suppression WHERE address LIKE '%@%'") == [(0,)]


def test_what_she_ordered_after_she_was_erased_comes_back_with_the_shop_systems_words(scene, tmp_path):
    """The copy is restored long after; the shop system tells both of her orders again. (The verb has the wall's clock.)"""
    post(scene, "ana", BODY)
    scene.live.control("work")
    file = backup(scene, tmp_path)
    erase(scene)
    folder = tmp_path / "new"
    code, said = restore(scene, file, folder)
    assert code == 0 and "1 erasures" in said
    assert rows(folder, "SELECT DISTINCT at FROM suppression WHERE reason = 'erased'") == rows(folder, "SELECT at FROM privacy_ask")


def test_an_old_list_does_not_count_as_an_erasure_of_today(scene, tmp_path):
    """Erased, she ordered anew; a list of those who said no is imported after that. Her order, told late, is learned."""
    post(scene, "ana", BODY)
    scene.live.control("work")
    erase(scene)
    scene.turn(86_400_000)
    placed = scene.server.rows("SELECT max(at) FROM suppression WHERE reason = 'erased'")[0][0] + 3_600_000
    at = iso(placed)
    scene.turn(86_400_000)
    table = tmp_path / "old.csv"
    table.write_text("email,suppression\nana@example.com,asked\n")
    scene.server.cli("import", "--shop", "demo", "--format", "suppressions", str(table))
    post(scene, "anew", order(7, email="ana@example.com", created_at=at, updated_at=at, processed_at=at))
    scene.live.control("work")
    assert scene.server.rows("SELECT name FROM orders WHERE email = 'ana@example.com'") == [("#7",)]


# ---- bad company ---------------------------------------------------------------------------------------------------------

def test_what_is_no_backup_is_refused(scene, tmp_path):
    post(scene, "ana", BODY)
    scene.live.control("work")
    whole = backup(scene, tmp_path).read_bytes()
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as store:
        store.execute("CREATE TABLE t (x)")
    older = tmp_path / "older.db"
    older.write_bytes(whole)
    with sqlite3.connect(older) as store:
        store.execute("PRAGMA user_version = 3")
    cases = {"text": b"hello", "empty": b"", "half": whole[:len(whole) // 2 // 4096 * 4096], "odd": whole[:-100], "zeros": bytes(65536),
             "another program's": other.read_bytes(), "older": older.read_bytes(),
             "one page": whole[:8 * 4096] + random.Random(1).randbytes(4096) + whole[9 * 4096:]}
    for name, bytes_ in cases.items():
        bad = tmp_path / "bad.db"
        bad.write_bytes(bytes_)
        code, said = restore(scene, bad, tmp_path / "new")
        assert code != 0 and "postlude:" in said, (name, code, said)
        assert not [path.name for path in (tmp_path / "new").iterdir() if path.name.startswith("postlude.db")], name
    for nothing in (tmp_path / "nowhere.db", tmp_path):
        code, said = restore(scene, nothing, tmp_path / "new")
        assert code != 0 and "there is no file" in said


def test_a_folder_in_use_and_another_key_are_left_alone(scene, tmp_path):
    file = backup(scene, tmp_path)
    code, said = restore(scene, file, scene.server.data)
    assert code != 0
    scene.live.control("work")
    folder = tmp_path / "keyed"
    folder.mkdir(mode=0o700)
    key = folder / "secret.key"
    key.write_text("ab" * 32 + "\n")
    key.chmod(0o600)
    code, said = restore(scene, file, folder)
    assert code != 0 and "another key" in said and key.read_text() == "ab" * 32 + "\n"
    stray = tmp_path / "stray"
    stray.mkdir(mode=0o700)
    (stray / "postlude.db-wal").write_bytes(b"x" * 100)
    code, said = restore(scene, file, stray)
    assert code != 0 and "postlude.db-wal" in said and (stray / "postlude.db-wal").exists()


def small_files(limit):
    def set_limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    return set_limit


def test_a_full_disk_leaves_nothing_behind(scene, tmp_path):
    post(scene, "ana", BODY)
    scene.live.control("work")
    file = backup(scene, tmp_path)
    size = file.stat().st_size
    for share in (0.0, 0.3, 0.9):
        code, said = restore(scene, file, tmp_path / "new", preexec_fn=small_files(int(size * share)))
        assert code not in (0, -signal.SIGXFSZ), said
        assert not [path.name for path in (tmp_path / "new").iterdir() if path.name.startswith("postlude.db")]
        code, said = verb("backup", tmp_path / "full.db", "--data", scene.server.data, preexec_fn=small_files(int(size * share)))
        assert code not in (0, -signal.SIGXFSZ), said
        assert not list(tmp_path.glob("full.db*"))
    assert restore(scene, file, tmp_path / "new")[0] == 0


def test_killed_at_any_moment_nothing_is_there_that_is_not_on_hold(scene, tmp_path):
    post(scene, "ana", BODY)
    for number in range(2, 30):
        post(scene, f"b{number}", order(number))
    scene.live.control("work")
    file = backup(scene, tmp_path)
    erase(scene)
    begun = time.monotonic()
    assert restore(scene, file, tmp_path / "calm")[0] == 0
    takes = time.monotonic() - begun
    dice, killed = random.Random(7), 0
    folder = tmp_path / "new"
    for _ in range(25):
        process = subprocess.Popen([binary(), "restore", file, "--key-file", scene.server.data / "secret.key", "--data", folder],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0, takes))
        process.kill()
        process.wait()
        if not (folder / "postlude.db").exists():
            killed += 1
            continue
        assert rows(folder, "SELECT count(*) FROM installation WHERE key = 'hold'") == [(1,)]
        assert traces(folder, *ANA) == []
        assert (folder / "secret.key").exists() and (folder / "erased.list").exists()
        shutil.rmtree(folder)
    assert killed >= 5
    if folder.exists() and (folder / "postlude.db").exists():
        shutil.rmtree(folder)
    assert restore(scene, file, folder)[0] == 0
    assert not list(folder.glob("*.restoring*"))


def test_backups_under_heavy_writing_are_each_of_one_moment(scene, tmp_path):
    over = threading.Event()

    def pour():
        for number in range(100, 2000):
            if over.is_set():
                return
            post(scene, f"b{number}", order(number))
            if number % 10 == 0:
                scene.live.control("work")

    scene.live.control("work")
    writer = threading.Thread(target=pour, daemon=True)
    writer.start()
    try:
        for n in range(4):
            time.sleep(0.3)
            file = backup(scene, tmp_path, f"copy{n}.db")
            with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as store:
                assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            folder = tmp_path / f"new{n}"
            assert restore(scene, file, folder)[0] == 0
            code, said = verb("check", "--data", folder)
            assert code == 0, said
    finally:
        over.set()
        writer.join()
    counts = [rows(tmp_path / f"new{n}", "SELECT count(*) FROM inbox")[0][0] for n in range(4)]
    assert counts == sorted(counts) and counts[-1] > counts[0]


def test_two_backups_into_one_file_and_one_that_was_killed(scene, tmp_path):
    part = tmp_path / "copy.db.part"
    part.write_bytes(b"left by one that was killed")
    file = backup(scene, tmp_path)
    assert file.exists() and not part.exists()
    with open(tmp_path / "two.db.part", "wb") as held:
        import fcntl
        fcntl.flock(held, fcntl.LOCK_EX)
        code, said = verb("backup", tmp_path / "two.db", "--data", scene.server.data)
        assert code != 0 and "another backup" in said
    with Server(data=tmp_path / "served") as server:
        server.start()
        code, said = restore(scene, file, server.data)
        assert code != 0 and ("has a store already" in said or "serves this data folder" in said or "in use" in said), said
        server.stop()
