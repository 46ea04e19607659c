import pytest

from accounts import addresses

WITHIN = [
    ("203.0.113.7", "203.0.113.0/24"),
    ("203.0.113.7", "203.0.113.7"),
    ("::ffff:203.0.113.7", "203.0.113.0/24"),
    ("203.0.113.7", "::ffff:203.0.113.0/120"),
    ("::ffff:cb00:7107", "0.0.0.0/0"),
    ("2001:db8::1", "2001:db8::/32"),
    ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
    ("2001:db8::1", "::/0"),
]
WITHOUT = [
    ("203.0.114.7", "203.0.113.0/24"),
    ("::ffff:203.0.114.7", "203.0.113.0/24"),
    ("::ffff:203.0.113.7", "::/0"),
    ("203.0.113.7", "::/0"),
    ("2001:db8::1", "0.0.0.0/0"),
    ("2001:db9::1", "2001:db8::/32"),
]


@pytest.mark.parametrize(("address", "network"), WITHIN)
def test_an_address_is_within_however_it_is_written(address, network):
    assert addresses.are_within(addresses.read(address), [network])


@pytest.mark.parametrize(("address", "network"), WITHOUT)
def test_no_other_way_to_write_it_slips_through(address, network):
    assert not addresses.are_within(addresses.read(address), [network])


def test_one_network_of_several_is_enough():
    address = addresses.read("2001:db8::1")
    assert addresses.are_within(address, ["203.0.113.0/24", "2001:db8::/32"])


@pytest.mark.parametrize(
    "text", ["", "x", "203.0.113", "203.0.113.256", "fe80::1%eth0", "203.0.113.7/32", "010.0.0.1"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError):
        addresses.read(text)


@pytest.mark.parametrize(
    "text", ["", "x", "203.0.113.7/24", "2001:db8::1/32", "fe80::%1/64", "1/40"]
)
def test_what_is_no_network_is_refused(text):
    with pytest.raises(ValueError):
        addresses.read_network(text)


def test_who_has_ipv6_counts_as_one():
    one, other = addresses.read("2001:db8:1:2::1"), addresses.read("2001:db8:1:2:ffff::1")
    assert addresses.as_counted(one) == addresses.as_counted(other) == "2001:db8:1:2::"
    assert addresses.as_counted(addresses.read("::ffff:203.0.113.7")) == "203.0.113.7"
