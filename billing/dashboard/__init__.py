"""What the dashboard shows and is worked out beforehand; its page is in `admin/dashboard`."""
