"""The way in: the tracking API, its cleaning, the durable stream behind it, and imports. Knows no graph."""
