"""The dashboard: every study of some storages, live, at `/hpo`.

```
from highnoon.webui import app

app.run(host="0.0.0.0", port=8000)
```
"""

from highnoon.webui.application import App, app

__all__ = ["App", "app"]
