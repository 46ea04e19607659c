import pytest

from accounts.templatetags.browsers import browser

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 "
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0"


@pytest.mark.parametrize(
    ("said", "named"),
    [
        (f"{CHROME}Safari/537.36", "Chrome on Linux"),
        (f"{CHROME}Safari/537.36 Edg/130.0.0.0", "Edge on Linux"),
        (f"{MAC}Version/18.0 Safari/605.1.15", "Safari on Mac"),
        (f"{IPHONE}Version/18.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (WINDOWS, "Firefox on Windows"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "Unknown"),
    ],
)
def test_a_browser_is_named_in_two_words(said, named):
    assert browser(said) == named
