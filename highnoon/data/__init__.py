"""Datasets by name, tokenizers and windows of tokens; no TensorFlow."""

from highnoon.data.catalogue import Source, dataset_names, register_dataset
from highnoon.data.tokenizer import BPETokenizer, ByteTokenizer, Tokenizer, load_tokenizer

__all__ = [
    "BPETokenizer",
    "ByteTokenizer",
    "Source",
    "Tokenizer",
    "dataset_names",
    "load_tokenizer",
    "register_dataset",
]
