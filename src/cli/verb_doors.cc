// sh, hook: the doors that agents call. Their rooms do everything; nothing is printed here.
#include "cli/verbs.h"
#include "doors/hook/hook.h"
#include "doors/sh/sh.h"

namespace countersign::cli {

Result<int> verb_sh(World& /*world*/, const Arguments& arguments) {
    const std::vector<std::string_view> words(arguments.operands().begin(),
                                              arguments.operands().end());
    return doors::sh::run(words);
}

Result<int> verb_hook(World& /*world*/, const Arguments& arguments) {
    if (arguments.operands().size() != 1) {
        return Error(ErrorCode::InvalidArgument, "which agent's hook?",
                     "countersign hook claude-code");
    }
    return doors::hook::run(arguments.operand(0));
}

}  // namespace countersign::cli
