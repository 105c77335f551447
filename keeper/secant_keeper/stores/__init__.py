"""Where a history is kept: a SQLite file, or a PostgreSQL database; the same tables and statements in both.

| module | what |
| --- | --- |
| `place` | what an operator names: a file or a URL |
| `schema` | the tables, once for both |
| `database` | what the history asks of a database, and what it raises |
| `sqlite` | a file, locked by a file beside it |
| `postgres` | a database, locked by an advisory lock of its session |
"""
