"""The keeper: what runs beside the programs and keeps their markets honest."""
