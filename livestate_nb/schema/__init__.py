"""Schema: the types of what channels and clients send each other, as JSON Schema and TypeScript.

They are read from the annotations of a channel's class. It must not know sessions or transports.
"""

from livestate_nb.schema.contract import Contract, contract_of, schema_of
from livestate_nb.schema.typescript import typescript_of

__all__ = ["Contract", "contract_of", "schema_of", "typescript_of"]
