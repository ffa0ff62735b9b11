// The terminal, as far as programs that print and ask need it. Thread safe.
#pragma once

#include <optional>

#include "base/result.h"
#include "sys/fd.h"

namespace countersign::sys {

struct TerminalSize {
    int columns = 80;
    int rows = 24;
};

bool is_terminal(int descriptor);
/// nullopt: not a terminal, or one that does not know its size.
std::optional<TerminalSize> terminal_size(int descriptor);
/// The controlling terminal for reading and writing; NotFound or Io when there is none.
Result<Fd> open_terminal();

}  // namespace countersign::sys
