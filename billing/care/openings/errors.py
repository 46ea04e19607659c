"""What is refused of opening balances, in words for who asked."""


class OpeningsRefused(Exception):
    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(detail)
