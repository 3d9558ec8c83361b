"""The store on a ClickHouse server: rows have the number of their batch, and a question reads up to one number."""
