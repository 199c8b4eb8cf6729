"""What is new in an answer: the fixtures of two libraries that look for it (Zapier's and Mailgun's), and the rates.

What should remain is what their own tests ask for; where they keep a signature, which we leave out, without it.
"""

import re

import pytest

from inbound import DATA, ask

FOLDER = DATA / "mail"
ZAPIER = {  # file: must be there, must not
    "correct_sig": (["this is an email with a correct -- signature."], ["rick"]),
    "email_1_1": (["folks"], ["riak-users mailing list"]),
    "email_1_2": (["Hi,", "You can list the keys for the bucket"], ["Hi folks", "riak-users mailing list"]),
    "email_1_3": ([], ["\n>"]),
    "email_1_4": (["Awesome! I haven't had another problem with it."], ["Loader"]),
    "email_1_6": (["I get proper rendering as well."], ["On Dec 16", "Was this caching"]),
    "email_1_7": ([":+1:"], ["Steps 0-2"]),
    "email_1_8": ([], ["\n>"]),
    "email_BlackBerry": ([], ["Sent from my BlackBerry"]),
    "email_iPhone": ([], ["Sent from my iPhone"]),
    "email_multi_word_sent_from_my_mobile_device": ([], ["Sent from my Verizon"]),
    "email_one_is_not_on": (["One outstanding question I had:"], ["Dave Tapley wrote:"]),
    "email_partial_quote_header": (["On your remote host you can run:", "telnet 127.0.0.1 52698"], ["George Plymale"]),
    "email_sent_from_my_not_signature": (["Sent from my desk, is much easier then my mobile phone."], []),
    "greedy_on": (["On your remote host"], ["On 9 Jan 2014"]),
    "pathological": (["I think you're onto something."], ["John Sullivan", "I think your code"]),
}
WHOLE = {
    "email_2_1": "Outlook with a reply",
    "email_2_2": "Outlook with a reply directly above line",
    "email_2_3": "Outlook with a reply above headers using unusual format",
    "email_gmail": "This is a test for inbox replying to a github message.",
    "email_headers_no_delimiter": "And another reply!",
}
HTML = "Hi. I am fine.\n\nThanks,\nAlex"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/data/mail is not there")


def squeezed(text):
    return re.sub(r"\s", "", text)


def said(op, paths):
    return {path.stem: answer["text"] for path, answer in zip(paths, ask(*((op, path) for path in paths)))}


def test_plain_answers():
    texts = said("text", sorted((FOLDER / "zapier_replies").glob("*.txt")))
    assert len(texts) == 24
    for name, whole in WHOLE.items():
        assert texts[name] == whole, name
    for name, (there, gone) in ZAPIER.items():
        assert all(words in texts[name] for words in there), (name, texts[name])
        assert not any(words in texts[name] for words in gone), (name, texts[name])


def test_answers_of_mail_programs():
    texts = said("mail", sorted((FOLDER / "talon_fixtures/standard_replies").glob("*.eml")))
    assert len(texts) == 12
    assert {name: squeezed(text) for name, text in texts.items() if squeezed(text) != "Hello"} == {}


def test_answers_in_html():
    texts = said("html", sorted((FOLDER / "talon_fixtures/html_replies").glob("*.html")))
    assert len(texts) == 9
    assert {name: text for name, text in texts.items() if squeezed(text) != squeezed(HTML)} == {}
    other = FOLDER / "talon_fixtures"
    assert said("html", [other / "OLK_SRC_BODY_SECTION.html"]) == {"OLK_SRC_BODY_SECTION": "Reply"}
    assert "From" not in said("mail", [other / "reply-quotations-share-block.eml"])["reply-quotations-share-block"]


def test_signatures():
    """Four of six: a name alone below a thanks stays; to cut a sentence would be worse."""
    folder = FOLDER / "talon_fixtures/signature/emails/stripped"
    paths = sorted(folder.glob("*_body"))
    texts = said("text", paths)
    right = 0
    for path in paths:
        body = path.read_text(encoding="utf-8")
        signature = path.with_name(path.name.replace("_body", "_signature")).read_text(encoding="utf-8")
        wanted = body.replace(signature, "") if signature.strip() else body
        assert squeezed(texts[path.stem]).startswith(squeezed(wanted)), path.name  # nothing that was said is lost
        right += squeezed(texts[path.stem]) == squeezed(wanted)
    assert (right, len(paths)) >= (4, 6)
