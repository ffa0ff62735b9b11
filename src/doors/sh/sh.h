// The door `sh`: a drop-in for `bash -c TEXT [NAME [ARG...]]`. The whole text is decided before
// bash sees it; then exactly that text runs, and its end is reported.
//
// Promises: nothing runs without a grant (an error anywhere is a refusal); bash gets no BASH_ENV
// and no exported functions, which would run code before the decided text. It does not promise that
// an agent uses this shell: that is the jail's part (SECURITY.md). One call per process; not thread
// safe.
#pragma once

#include <span>
#include <string_view>

namespace countersign::doors::sh {

/// `arguments` are the words after `sh`. Returns bash's own exit status, 126 with one line on
/// stderr when the text was not permitted or nobody could be asked, 2 for a call that is not `-c
/// TEXT ...`.
int run(std::span<const std::string_view> arguments);

}  // namespace countersign::doors::sh
