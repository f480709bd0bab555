"""``python -m livestate_nb_server`` is ``jupyter livestate``."""

import sys

from livestate_nb_server.command import main

sys.exit(main())
