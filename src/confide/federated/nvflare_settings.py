"""What a kit of NVFlare is set to: which classes run, who may do what, where things are stored.

Guarantee: a kit runs two classes of confide and no others, takes no code from a job, sends no logs, lets an administrator hand in,
stop and see runs and nothing else, and stores nothing outside its own folder. Called by `confide.federated.nvflare_kits`.
"""

import json
from pathlib import Path

from confide.types import Json

PART = "confide.json"  # in the folder "local" of a kit: which function plays, and in which folder
HUB = "confide.federated.nvflare_job.HubController"
SITE = "confide.federated.nvflare_job.SiteExecutor"
LAUNCHER = "confide.federated.nvflare_job.SiteLauncher"
_COMMON = "nvflare.app_common"
_FILES = f"{_COMMON}.storages.filesystem_storage.FilesystemStorage"
_RIGHTS: Json = {
    "format_version": "1.0",
    "permissions": {
        "lead": {"submit_job": "any", "manage_job": "o:submitter", "view": "any", "byoc": "none"}
    },
}
_STREAMS: Json = {
    "allow_adhoc_conns": False,
    "streaming_window_size": 8
    << 20,  # what is on its way of each site, and of which the hub's machine holds a copy
    "streaming_ack_interval": 2 << 20,
    "streaming_read_timeout": 60,
    "streaming_retry_wait": 20,  # sent again after so long, for lines that broke; TCP loses nothing else
    "streaming_retry_timeout": 120,
}


def is_hub(kit: Path) -> bool:
    """Say whether a kit is the hub's."""
    return (kit / "startup" / "fed_server.json").is_file()


def restrict(kit: Path) -> None:
    """Write the settings of a hub's or a site's kit; an administrator's has none."""
    local = kit / "local"
    if (kit / "startup" / "fed_admin.json").is_file():
        return
    resources: Json = {
        "format_version": 2,
        "class_list_enforcement_mode": "enforce",
        "class_allow_list": [HUB, SITE],
        "allow_log_streaming": False,
    }
    write_json(local / "resources.json", resources | (_hub(kit) if is_hub(kit) else _site()))
    write_json(local / "authorization.json", _RIGHTS)
    write_json(local / "comm_config.json", _STREAMS)


def write_json(path: Path, content: Json) -> None:
    """Write a file of settings."""
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def _component(name: str, path: str, **args: object) -> Json:
    return {"id": name, "path": path, "args": args}


def _hub(kit: Path) -> Json:
    store = {"path": _FILES, "args": {"root_dir": str(kit / "snapshots"), "uri_root": "/"}}
    states = f"{_COMMON}.state_persistors.storage_state_persistor.StorageStatePersistor"
    jobs = {"uri_root": str(kit / "jobs"), "job_store_id": "job_store"}
    return {
        "servers": [
            {
                "admin_storage": "transfer",
                "max_num_clients": 100,
                "heart_beat_timeout": 60,
                "admin_timeout": 10.0,
            }
        ],
        "snapshot_persistor": {"path": states, "args": {"uri_root": "/", "storage": store}},
        "components": [
            _component(
                "job_scheduler", f"{_COMMON}.job_schedulers.job_scheduler.DefaultJobScheduler", max_jobs=1
            ),
            _component("job_manager", "nvflare.apis.impl.job_def_manager.SimpleJobDefManager", **jobs),
            _component("job_store", _FILES),
            _component(
                "process_launcher", f"{_COMMON}.job_launcher.server_process_launcher.ServerProcessJobLauncher"
            ),
        ],
    }


def _site() -> Json:
    none = {"num_of_gpus": 0, "mem_per_gpu_in_GiB": 0}
    return {
        "client": {"retry_timeout": 30, "compression": "Gzip"},
        "components": [
            _component(
                "resource_manager",
                f"{_COMMON}.resource_managers.gpu_resource_manager.GPUResourceManager",
                **none,
            ),
            _component(
                "resource_consumer", f"{_COMMON}.resource_consumers.gpu_resource_consumer.GPUResourceConsumer"
            ),
            _component("process_launcher", LAUNCHER),
        ],
    }
