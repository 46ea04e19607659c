"""The cohorts of section 2.5. Of B, 20.00 were refunded at age 2."""

from billing.books.breakage.formula import Position
from billing.books.breakage.survival import History

MONTHS = 4

A = History(1000_00, [450_00, 220_00, 100_00, 50_00], [0, 0, 0, 0])
B = History(1000_00, [460_00, 210_00, 110_00], [0, 20_00, 0])
C = History(1000_00, [440_00, 230_00], [0, 0])
D = History(1000_00, [430_00], [0])
ALL = [A, B, C, D]

POSITIONS = [
    Position(1000_00, 820_00, 180_00),
    Position(980_00, 780_00, 0),
    Position(1000_00, 670_00, 0),
    Position(1000_00, 430_00, 0),
]
