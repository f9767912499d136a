"""Two processes that train together; started by test_engine_ranks.py with a rank, a meeting place and a file to fill."""

import sys

import torch
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

from confide.train.engine import Engine
from confide.train.ranks import add_over_ranks, from_first_rank

OWNERS = torch.tensor([3, 1, 3, 2, 1, 1])


def model() -> nn.Sequential:
    torch.manual_seed(0)
    block = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.Tanh())
    return nn.Sequential(nn.Embedding(10, 8), block, nn.Linear(8, 3))


def records() -> Tensor:
    return torch.randint(0, 10, (6, 5), generator=torch.Generator().manual_seed(1))


def steps(trained: nn.Module, mine: Tensor) -> dict[str, Tensor]:
    """Take two steps on the records `mine` and return the parameters, whole."""
    engine = Engine(trained, clip=0.05)
    optimiser = torch.optim.SGD(trained.parameters(), lr=1.0)
    for _ in range(2):
        engine.backward(trained(records()[mine]).square().sum((1, 2)), OWNERS[mine])
        engine.write(from_first_rank(add_over_ranks(engine.take())))
        optimiser.step()
    whole = {}
    for name, parameter in trained.named_parameters():
        value = parameter.full_tensor() if hasattr(parameter, "full_tensor") else parameter
        whole[name.removeprefix("module.")] = value.detach().clone()
    return whole


def divided(way: str) -> nn.Module:
    made = model()
    if way == "ddp":
        return DistributedDataParallel(made)
    if way == "fsdp":
        mesh = init_device_mesh("cpu", (2,))
        fully_shard(made[1], mesh=mesh)
        fully_shard(made, mesh=mesh)
    return made


def main(rank: int, meeting: str, out: str) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    mine = torch.nonzero(OWNERS == 1 if rank else OWNERS != 1).flatten()
    torch.save({way: steps(divided(way), mine) for way in ("plain", "ddp", "fsdp")}, out)
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
