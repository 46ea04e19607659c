"""Webhooks go to public addresses only, as they are saved and as they are connected to."""

import ssl
import subprocess

import pytest

from billing.errors import WebhookAddressRefused
from billing.models import WebhookEndpoint
from billing.webhooks_out import addresses, deliver_due
from tests.billing.webhooks_out.conftest import due_for
from tests.billing.webhooks_out.receiver import receiving

PUBLIC = ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e"]
NOT_PUBLIC = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",  # metadata of Alibaba
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",  # metadata of Azure
    "169.254.169.254",  # metadata of most
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",  # metadata of Oracle
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:93.184.215.14",
    "64:ff9b::7f00:1",  # NAT64
    "64:ff9b::5db8:d70e",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",  # Teredo
    "2001:db8::1",
    "2002:7f00:1::1",  # 6to4
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",  # metadata of AWS
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address):
    assert addresses.is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_not_public(address):
    assert not addresses.is_public(address)


def test_an_address_is_not_said_to_lead_to_itself():
    with pytest.raises(WebhookAddressRefused, match="^::1 is not a public address"):
        addresses.check_url("https://[::1]/")
    with pytest.raises(WebhookAddressRefused, match=r"^a\.example leads to ::1, which is not"):
        addresses.check_url("https://a.example/", lambda host, port: ["::1"])


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_one_address_that_is_not_public_is_enough(address):
    with pytest.raises(WebhookAddressRefused, match="not a public address"):
        addresses.check_url("https://hooks.example/", lambda host, port: ["1.1.1.1", address])


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://0/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[fd00:ec2::254]/",
    ],
)
def test_however_it_is_written(url):
    with pytest.raises(WebhookAddressRefused, match="not a public address"):
        addresses.check_url(url)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hooks.example/", "begin with https://"),
        ("ftp://hooks.example/", "begin with https://"),
        ("file:///etc/passwd", "begin with https://"),
        ("hooks.example", "begin with https://"),
        ("https://", "begin with https://"),
        ("https://me:word@hooks.example/", "user and the password"),
        ("https://@hooks.example/", "user and the password"),
        ("https://hooks.example/#top", "what follows the #"),
        ("https://hooks.example/#", "what follows the #"),
        ("https://hooks.example:25/", "The port"),
        ("https://hooks.example:0/", "The port"),
        ("https://hooks.example:99999/", "The port"),
        ("https://hooks.example\\@127.0.0.1/", "a character"),
        ("https://hooks.example/a b", "a character"),
        ("https://hooks.example/\r\nX: y", "a character"),
        ("https://hööks.example/", "xn--"),
        ("https://[::1/", "no address"),
        (f"https://hooks.example/{'x' * 500}", "longer than 500"),
    ],
)
def test_what_is_no_address_for_webhooks(url, why):
    with pytest.raises(WebhookAddressRefused, match=why):
        addresses.check_url(url, lambda host, port: ["1.1.1.1"])


@pytest.mark.parametrize("port", ["", ":443", ":8443"])
def test_what_is_one(port):
    asked = []

    def resolve(host, port):
        asked.append((host, port))
        return PUBLIC

    addresses.check_url(f"https://Hooks.example{port}/a?b=c", resolve)
    assert asked == [("hooks.example", int(port[1:] or 443))]


def test_a_name_that_nobody_knows():
    with pytest.raises(WebhookAddressRefused, match="leads to no address"):
        addresses.check_url("https://nowhere.invalid/")


# What was saved when it led elsewhere.


@pytest.fixture
def saved(add):
    def save(url: str) -> WebhookEndpoint:
        endpoint = add()
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(url=url)
        return endpoint

    return save


def test_a_name_that_leads_elsewhere_by_then_is_not_connected_to(saved, receiver, settings):
    port = receiver.url.rsplit(":")[-1]
    said = iter([["1.1.1.1"], ["127.0.0.1"]])
    resolve = lambda host, port: next(said)  # noqa: E731
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    url = f"http://hooks.example:{port}/hook"
    addresses.check_url(url, resolve)
    (delivery,) = due_for(saved_as(saved, settings, url))
    assert deliver_due(resolve) == 0
    assert (
        delivery.log.get().error
        == "hooks.example leads to 127.0.0.1, which is not a public address."
    )
    assert receiver.got == []


def saved_as(saved, settings, url: str) -> WebhookEndpoint:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    endpoint = saved(url)
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    return endpoint


def test_it_is_resolved_once_and_that_address_is_connected_to(saved, receiver):
    """Whoever were asked a second time would say something else."""
    port = receiver.url.rsplit(":")[-1]
    asked = []

    def resolve(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    (delivery,) = due_for(saved(f"http://hooks.example:{port}/hook"))
    assert deliver_due(resolve) == 1
    assert asked == ["hooks.example"]
    assert receiver.got[0].headers["host"] == f"hooks.example:{port}"


def test_the_next_address_is_tried_where_nobody_is_at_the_first(saved, receiver):
    port = receiver.url.rsplit(":")[-1]
    due_for(saved(f"http://hooks.example:{port}/hook"))
    assert deliver_due(lambda host, port: ["::1", "127.0.0.1"]) == 1


def test_proxies_of_the_environment_are_not_asked(add, receiver, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    due_for(add())
    assert deliver_due() == 1


def test_a_name_that_is_gone_is_a_failure(saved):
    (delivery,) = due_for(saved("https://nowhere.invalid/hook"))
    assert deliver_due() == 0
    assert delivery.log.get().error == "The name nowhere.invalid leads to no address."


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[str, str]:
    """Of hooks.example, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    key, cert = str(folder / "key.pem"), str(folder / "cert.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=hooks.example"),
            *("-addext", "subjectAltName=DNS:hooks.example", "-days", "2"),
        ],
        check=True,
        capture_output=True,
    )
    return cert, key


def at_tls(saved, certificate, name: str, trusted=None):
    with receiving(certificate) as receiver:
        port = receiver.url.rsplit(":")[-1]
        (delivery,) = due_for(saved(f"https://{name}:{port}/hook"))
        delivered = deliver_due(lambda host, port: ["127.0.0.1"], trusted)
    return delivered, delivery.log.get().error


def test_a_trusted_certificate_of_that_name_will_do(saved, certificate):
    trusted = ssl.create_default_context(cafile=certificate[0])
    assert at_tls(saved, certificate, "hooks.example", trusted) == (1, "")


def test_another_name_will_not(saved, certificate):
    trusted = ssl.create_default_context(cafile=certificate[0])
    _, error = at_tls(saved, certificate, "other.example", trusted)
    assert error.startswith("The TLS certificate is not trusted: Hostname mismatch")


def test_a_certificate_that_nobody_trusts_will_not(saved, certificate):
    _, error = at_tls(saved, certificate, "hooks.example")
    assert error == "The TLS certificate is not trusted: self-signed certificate."


def test_who_speaks_no_tls_is_told_so(saved, receiver):
    port = receiver.url.rsplit(":")[-1]
    (delivery,) = due_for(saved(f"https://127.0.0.1:{port}/hook"))
    assert deliver_due() == 0
    assert delivery.log.get().error.startswith("There was no TLS connection:")
