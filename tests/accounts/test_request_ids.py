import pytest

from accounts.request_ids import request_id


@pytest.mark.parametrize("sent", ["a", "01HX-abc_1.2:3/4+5=", "x" * 128])
def test_the_callers_own_name_is_kept(sent):
    assert request_id(sent) == sent


@pytest.mark.parametrize("sent", [None, "", " a", "a\nb", "a b", "é", '"a"', "x" * 129, "-a"])
def test_one_that_could_break_a_line_is_replaced(sent):
    assert request_id(sent).startswith("req_")
    assert request_id(sent) != request_id(sent)
