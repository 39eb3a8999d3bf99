"""A page's handler that breaks is told to the log, which masks it, and not printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from .api_harness import running_api, whole_server
from .gradio_loop import built


def broken_page() -> FastAPI:
    """A page like ours whose only handler fails."""

    def fail(text: str) -> str:
        raise ValueError(f"nothing for {text}")

    with gr.Blocks(analytics_enabled=False) as page:
        box = gr.Textbox()
        box.submit(fail, box, box)
    return gr.mount_gradio_app(FastAPI(), page, path="/", show_error=False, ssr_mode=False)


def test_the_traceback_goes_through_the_log(tmp_path: Path, capfd: Any, caplog: pytest.LogCaptureFixture) -> None:
    with running_api(tmp_path / "data") as api:
        whole_server(api.app)  # from here on Gradio's modules log
    with TestClient(built(broken_page)) as client:
        client.post("/gradio_api/queue/join", json={"data": ["jane"], "fn_index": 0, "session_hash": "s"})
        assert "process_completed" in client.get("/gradio_api/queue/data", params={"session_hash": "s"}).text
    broken = [str(record.exc_info[1]) for record in caplog.records if record.name == "ui.mount" and record.exc_info]
    assert "nothing for jane" in broken
    printed = capfd.readouterr()
    assert "jane" not in printed.out + printed.err
