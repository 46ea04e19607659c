"""Many adjustments by one file. `columns` makes drafts of rows, `trying` applies them together,
`asking` and `deciding` are the two persons."""
