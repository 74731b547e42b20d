"""Checks ledgers, archives and proof files of ledgerline without any of its code."""
