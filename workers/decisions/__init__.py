"""What people decide about identity: join, take apart, block, take back, undo."""
