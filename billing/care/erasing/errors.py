"""Why nothing was erased, in words for who asked."""


class ErasingRefused(Exception):
    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(detail)
