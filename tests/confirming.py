"""What a page that asks has in its form, and sending it."""


def form_of(client, page):
    """What its form sends, without a reason."""
    answer = client.get(page)
    assert answer.status_code == 200, answer.status_code
    return dict(answer.context["form"].initial)


def confirmed(client, page, reason="Because", **more):
    """It is looked at, and confirmed."""
    return client.post(page, form_of(client, page) | {"reason": reason} | more, follow=True)


def told(answer):
    """What was said that nobody had read yet."""
    return [str(message) for message in answer.context["messages"]]
