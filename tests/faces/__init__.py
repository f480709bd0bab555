"""Plain pages with live-templates and React, and the channels that they show."""
