// Names of programs by what the checks of this room need to know about them. Whether a program is
// harmless is the catalogue's business; here only: what runs code, what fetches, what decodes.
#pragma once

#include <string_view>

#include "inspect/scene.h"

namespace countersign::inspect {

bool is_shell(std::string_view name);
/// A shell or a language interpreter; versions count ("python3.11", "lua5.1").
bool is_interpreter(std::string_view name);
/// Fetches bytes from another machine and prints or saves them.
bool is_downloader(std::string_view name);
/// A raw two-way connection: nc, socat, telnet, openssl s_client ...
bool is_connector(const Item& item);
/// Turns text into other text that a reader cannot foresee: base64 -d, xxd -r, openssl enc, rev,
/// gunzip ...
bool is_decoder(const Item& item);
/// Whether the command runs its standard input as a program (a shell without operands, "python -",
/// "xargs sh -c", "source /dev/stdin", "at") .
bool runs_stdin(const Item& item);
/// Whether the command runs its words or files as code: shells, interpreters, eval, source.
bool runs_words(const Item& item);

}  // namespace countersign::inspect
