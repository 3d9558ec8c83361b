"""The operation log: who did what, chained so that nothing of it can be changed or removed unseen."""
