"""Engine, tables and queries of jobs, migrations, ledger."""
