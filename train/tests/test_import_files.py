"""Containers and configurations: what is read, what is refused, and with which message."""

import json
import os
import pickle
import zipfile
from pathlib import Path

import onnx
import pytest
import torch
from onnx import TensorProto, helper
from safetensors.torch import save_file
from srzoo_train.importers import mindspore, ncnn, onnx_file
from srzoo_train.importers.checkpoint_file import read_checkpoint
from srzoo_train.importers.reference_config import lookup, number, read_config
from srzoo_train.importers.system import ImportRefused

FIXTURES = Path(__file__).parent / "fixtures"
TREE = {"step": 3, "state_dict": {"model": {"a.weight": torch.arange(6.0).reshape(2, 3)}},
        "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(2)}}}]}


@pytest.mark.parametrize("zipped", [True, False])
def test_read_checkpoint_reads_both_torch_containers(tmp_path, zipped):
    torch.save(TREE, tmp_path / "c.pth", _use_new_zipfile_serialization=zipped)
    tree = read_checkpoint(tmp_path / "c.pth")
    assert torch.equal(tree["state_dict"]["model"]["a.weight"], torch.arange(6.0).reshape(2, 3))
    assert tree["step"] == 3


def test_read_checkpoint_reads_safetensors(tmp_path):
    save_file({"a.weight": torch.ones(2)}, tmp_path / "c.bin")
    assert torch.equal(read_checkpoint(tmp_path / "c.bin")["a.weight"], torch.ones(2))


class Payload:
    """Runs a command when it is unpickled."""

    def __init__(self, command: str):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("container", ["zip", "legacy", "pickle"])
def test_read_checkpoint_runs_nothing_and_names_what_was_asked_for(tmp_path, container):
    trace, file = tmp_path / "trace", tmp_path / "c.pth"
    hostile = {"state_dict": {"w": torch.ones(1), "x": Payload(f"touch {trace}")}}
    if container == "pickle":
        file.write_bytes(pickle.dumps(hostile["state_dict"]["x"], 2))
    else:
        torch.save(hostile, file, _use_new_zipfile_serialization=container == "zip")
    with pytest.raises(ImportRefused, match=r"asks to load (posix|nt)\.system") as refused:
        read_checkpoint(file)
    assert "\n" not in str(refused.value)
    assert not trace.exists()


@pytest.mark.parametrize("content", [b"", b"junk that is no container", b"PK\x03\x04 cut",
                                     b"\x80\x02\x8a\x0al\xfc\x9cF", b"\x0a\xff\xff\xff\xff\x0f",
                                     (9).to_bytes(8, "little") + b"{\"a\": 1}"])
def test_read_checkpoint_refuses_damaged_files_in_one_line(tmp_path, content):
    (tmp_path / "c.ckpt").write_bytes(content)
    with pytest.raises(ImportRefused) as refused:
        read_checkpoint(tmp_path / "c.ckpt")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["mindspore", "mindspore_checksum"])
def test_mindspore_read_gives_torch_names(name):
    # Written by MindSpore 2.10: convolution, group norm, batch norm, dense, filled with ranges.
    tensors = read_checkpoint(FIXTURES / f"{name}.ckpt")
    assert {key: tuple(value.shape) for key, value in tensors.items()} == {
        "model.0.weight": (4, 3, 3, 3),
        "model.0.bias": (4,),
        "model.1.weight": (4,),
        "model.1.bias": (4,),
        "model.2.running_mean": (4,),
        "model.2.running_var": (4,),
        "model.2.weight": (4,),
        "model.2.bias": (4,),
        "model.3.weight": (2, 4),
        "model.3.bias": (2,),
    }
    assert torch.equal(tensors["model.0.weight"], torch.arange(108.0).reshape(4, 3, 3, 3))


def test_mindspore_read_refuses_a_wrong_checksum(tmp_path):
    data = bytearray((FIXTURES / "mindspore_checksum.ckpt").read_bytes())
    data[100] ^= 1
    (tmp_path / "c.ckpt").write_bytes(data)
    with pytest.raises(ImportRefused, match="checksum"):
        read_checkpoint(tmp_path / "c.ckpt")


@pytest.mark.parametrize(
    ("dims", "content", "why"),
    [([2**64 - 1], b"1234", "4 bytes"), ([2**62, 2**62], b"1234", "4 bytes"), ([2**62, 0], b"", "empty")],
)
def test_mindspore_read_refuses_sizes_that_no_tensor_has(dims, content, why):
    def field(number: int, data: bytes) -> bytes:
        return varint(number << 3 | 2) + varint(len(data)) + data

    sizes = b"".join(varint(8) + varint(size) for size in dims)
    tensor = sizes + field(2, b"Float32") + field(3, content)
    with pytest.raises(ImportRefused, match=why):
        mindspore.read(field(1, field(1, b"a") + field(2, tensor)))


def test_read_config_reads_json_with_comments(tmp_path):
    (tmp_path / "c.json").write_text('{ // why\n "a": "//no comment", /* x */ "b": [1, 2,], }')
    assert read_config(tmp_path / "c.json") == {"a": "//no comment", "b": [1, 2]}


def test_read_config_follows_base_config(tmp_path):
    (tmp_path / "base.yaml").write_text("timesteps: 100\nbeta_s: 0.008\n")
    (tmp_path / "c.yaml").write_text("base_config: [./base.yaml]\ntimesteps: 50\n")
    assert read_config(tmp_path / "c.yaml") == {"timesteps": 50, "beta_s": 0.008}


@pytest.mark.parametrize("text", ["a: [", "- 1", "base_config: ./missing.yaml",
                                  "base_config: ./c.yaml"])
def test_read_config_refuses_in_one_line(tmp_path, text):
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ImportRefused, match="yaml") as refused:
        read_config(tmp_path / "c.yaml")
    assert "\n" not in str(refused.value)


def test_lookup_takes_the_first_path_that_has_a_value():
    config = json.loads('{"a": {"b": 1}, "c": null}')
    assert lookup(config, "c", "a.x", "a.b") == 1
    assert lookup(config, "a.b.c") is None


def nested(kind, depth):
    """A tree that contains the same tree twice, and so on: small in a file, but endless to walk over."""
    tree = kind(torch.zeros(1))
    for _ in range(depth):
        tree = kind(tree)
    return {"weights": tree}


@pytest.mark.parametrize("kind", [lambda part: [part, part], lambda part: {"a": part, "b": part}])
def test_read_checkpoint_refuses_trees_that_are_endless_to_walk_over(tmp_path, kind):
    torch.save(nested(kind, 40), tmp_path / "a.pth")
    with pytest.raises(ImportRefused):
        read_checkpoint(tmp_path / "a.pth")
    itself = []
    itself.append(itself)
    torch.save({"weights": itself}, tmp_path / "b.pth")
    with pytest.raises(ImportRefused, match="nested more than"):
        read_checkpoint(tmp_path / "b.pth")


def test_read_checkpoint_refuses_tensors_that_together_are_many_times_the_file(tmp_path):
    whole = torch.zeros(20_000)
    torch.save({f"{i}": whole[:] for i in range(50)}, tmp_path / "a.pth")
    with pytest.raises(ImportRefused, match="more than 4 times"):
        read_checkpoint(tmp_path / "a.pth")
    torch.save({"a": whole, "tied": whole}, tmp_path / "b.pth")
    assert len(read_checkpoint(tmp_path / "b.pth")) == 2


def test_read_checkpoint_refuses_zip_members_that_share_their_bytes(tmp_path):
    torch.save({"w": torch.zeros(50_000)}, tmp_path / "a.pth")
    with zipfile.ZipFile(tmp_path / "a.pth", "a") as archive:
        first = next(member for member in archive.infolist() if member.filename.endswith("data/0"))
        for i in range(50):
            again = zipfile.ZipInfo(f"{first.filename[:-1]}{i + 1}")
            again.header_offset, again.CRC = first.header_offset, first.CRC
            again.file_size = again.compress_size = first.file_size
            archive.filelist.append(again)
        archive.writestr("last", b"")
    with pytest.raises(ImportRefused, match="lie over each other"):
        read_checkpoint(tmp_path / "a.pth")


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes")
@pytest.mark.parametrize("name", ["a.pth", "a.onnx", "a.param", "a.yaml"])
def test_files_that_are_not_ordinary_are_refused(tmp_path, name):
    read = {".pth": read_checkpoint, ".onnx": onnx_file.read, ".param": ncnn.read, ".yaml": read_config}
    os.mkfifo(tmp_path / name)
    with pytest.raises(ImportRefused, match="not an ordinary file"):
        read[Path(name).suffix](tmp_path / name)
    (tmp_path / f"zero{name}").symlink_to("/dev/zero")
    with pytest.raises(ImportRefused, match="not an ordinary file"):
        read[Path(name).suffix](tmp_path / f"zero{name}")


def test_mindspore_read_refuses_tensors_of_endless_sizes():
    largest = b"\xff" * 8 + b"\x7f"  # 2^63 - 1
    sizes = b"\x0a" + varint(len(largest) * 10_000) + largest * 10_000
    value = b"\x0a\x01a\x12" + varint(len(sizes)) + sizes
    with pytest.raises(ImportRefused, match="more than 8 sizes"):
        mindspore.read(b"\x0a" + varint(len(value)) + value)


def varint(value):
    """A number in base 128."""
    return bytes([value & 127 | 128]) + varint(value >> 7) if value > 127 else bytes([value])


@pytest.mark.parametrize("text, why", [
    ("[" * 5000, "nested more than 64"),
    ("- " * 5000, "nested more than 64"),
    ("base_config: 5", "must name files"),
    ("base_config: [[1]]", "must name files"),
    ("a: 1\n" * 20_000, "the largest that are read"),
    ("base_config: [b.yaml, ./b.yaml]", "more than 16 others"),
])
def test_read_config_refuses_files_that_would_take_too_long(tmp_path, text, why):
    (tmp_path / "a.yaml").write_text(text)
    for name, base in zip("bcdefghijk", "cdefghijkl"):
        (tmp_path / f"{name}.yaml").write_text(f"base_config: [{base}.yaml, ./{base}.yaml]")
    (tmp_path / "l.yaml").write_text("a: 1")
    with pytest.raises(ImportRefused, match=why):
        read_config(tmp_path / "a.yaml")


def test_errors_do_not_print_what_aliases_multiply():
    value = ["x"]
    for _ in range(40):
        value = [value, value]
    with pytest.raises(ImportRefused, match="got a list$"):
        number({"scale": value}, ("scale",), 1)


def test_onnx_read_refuses_loops(tmp_path):
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["c2"]), helper.make_node("Identity", ["x"], ["x2"])], "body",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []),
         helper.make_tensor_value_info("c", TensorProto.BOOL, []),
         helper.make_tensor_value_info("x", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("c2", TensorProto.BOOL, []),
         helper.make_tensor_value_info("x2", TensorProto.FLOAT, None)],
    )
    graph = helper.make_graph(
        [helper.make_node("Loop", ["", "true", "a"], ["b"], body=body)], "graph",
        [helper.make_tensor_value_info("a", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("b", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor("true", TensorProto.BOOL, [], [True])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
              tmp_path / "a.onnx")
    with pytest.raises(ImportRefused, match="Loop, which can run without end"):
        onnx_file.read(tmp_path / "a.onnx")
