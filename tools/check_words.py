"""What must not stand in the tree, file by file: a table of patterns, each with its reason.

Comments and texts are blanked before C is searched, so that a file may speak of what it avoids.
"""
import dataclasses
import pathlib
import re
import subprocess


@dataclasses.dataclass(frozen=True)
class Rule:
    """`where` and `but` are patterns of paths; `what` is searched in each line; `raw` keeps texts."""
    name: str
    where: str
    what: str
    why: str
    but: str = r"(?!)"
    raw: bool = False


C = r"^(src|fuzz|test/unit)/.*\.(c|h|cc)$"
SRC = r"^src/.*\.(c|h|cc)$"
# Bytes from elsewhere, kept as they came.
FOREIGN = r"^(test/fixture|test/plug|fuzz/seed|package-lock\.json|LICENSE$)"
# A mail's text ends in "-- " before the signature (RFC 3676, 4.3).
MAIL_TEXT = r"|^ui/mail/.*\.text\.liquid$"

RULES = [
    Rule("unbounded copy", C, r"\b(strcpy|strcat|stpcpy|sprintf|vsprintf|gets|scanf|sscanf|fscanf)\s*\(",
         "it does not know the room it writes into; use Buf, arena_format or snprintf"),
    Rule("number without error", C, r"\b(atoi|atol|atoll|atof)\s*\(",
         "a bad number looks like 0; use strtod, g_ascii_strtoll or base/"),
    Rule("shell", SRC, r"\b(system|popen)\s*\(", "nothing goes through a shell"),
    Rule("hidden state", C, r"\b(strtok|localtime|gmtime|ctime|asctime|strerror|rand|srand|drand48)\s*\(",
         "it keeps state that threads share; use the _r form, base/ or engine/clock.h"),
    Rule("locale", C, r"\bsetlocale\s*\(", "numbers would read otherwise on another machine", but=r"^src/main\.c$"),
    Rule("stack by input", C, r"\balloca\s*\(", "input could choose its size; use the arena"),
    Rule("goto", C, r"\bgoto\b", "cleanup is g_autoptr's; split the function"),
    Rule("assert", SRC, r"\b(assert|g_assert\w*|g_return_if_fail|g_return_val_if_fail|g_error)\s*\(",
         "our own bug is must(), the world's failure a GError"),
    Rule("exit", SRC, r"(?<!_)\bexit\s*\(", "only main ends the program", but=r"^src/main\.c$"),
    Rule("#if", SRC, r"^\s*#\s*(if|ifdef|ifndef|elif)\b(?! CONTROL_)", "only base/ and engine/ know differences of machines",
         but=r"^src/(base|engine)/"),
    Rule("HTML in C", SRC, r"\"[^\"]*</?(html|head|body|div|span|p|a|ul|li|table|tr|td|form|input|h[1-6]|br)\b[^\"]*>",
         "pages are Liquid files in ui/", but=r"^src/engine/liquid", raw=True),
    Rule("unfinished", r".", r"\b(TO" r"DO|FIX" r"ME)\b", "finish it or say in doc/ what is missing",
         but=FOREIGN, raw=True),
    Rule("trailing space", r".", r"[ \t\r]+$", "white space at the end of a line", but=FOREIGN + MAIL_TEXT, raw=True),
]

BLANK = re.compile(r"""/\*.*?\*/ | //[^\n]* | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*'""",
                   re.VERBOSE | re.DOTALL)


def blanked(text):
    """C with its comments and texts emptied; every line stays where it is. Lines of #include keep
    their names, which nobody searches for."""
    return BLANK.sub(lambda match: "\n" * match.group().count("\n") or '""', text)


def check_files(root, names, rules=None):
    """["path:line: what: why", ...] for the files named (relative to root)."""
    rules, found = rules or RULES, []
    for name in names:
        wanted = [rule for rule in rules if re.search(rule.where, name) and not re.search(rule.but, name)]
        text = read_text(root / name)
        if not wanted or text is None:
            continue
        code = blanked(text) if re.search(C, name) else text
        for rule in wanted:
            for number, line in enumerate((text if rule.raw else code).split("\n"), 1):
                if re.search(rule.what, line):
                    found.append(f"{name}:{number}: {rule.name}: {rule.why}")
    return found


def read_text(path):
    """The text of a file; None for what is not text or not a file."""
    try:
        if path.is_symlink() or not path.is_file():
            return None
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None


def machine_rules(root, home):
    """Paths of one machine: of this checkout, of whoever works here, of anybody's home."""
    own = [str(path) for path in (root.resolve().parent, home) if str(path) not in ("/", "/root")]
    places = [re.escape(path) + r"(?=[/\s\"']|$)" for path in own] + [r"/(home|Users)/[a-z]\w*/"]
    return [Rule("machine path", r".", r"(?<![\w./])(" + "|".join(places) + ")",
                 "it exists on one machine only", but=FOREIGN, raw=True)]


def tree_files(root):
    """What git tracks or would track, relative to root."""
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=root,
                            stdout=subprocess.PIPE, check=True).stdout.decode()
    return sorted(set(filter(None, listed.split("\0"))))


def check_words(root):
    return check_files(root, tree_files(root))


def check_machine_paths(root):
    return check_files(root, tree_files(root), machine_rules(root, pathlib.Path.home()))
