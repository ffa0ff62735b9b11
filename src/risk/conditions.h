// What is true of one effect in its circumstances, as the weight table asks it. Pure; thread safe.
#pragma once

#include "model/effect.h"
#include "risk/risk.h"
#include "risk/weights.h"

namespace countersign::risk {

/// Only what `asked` names is found out; all else is false.
Conditions conditions_of(const model::Effect& effect, const Circumstances& circumstances,
                         Conditions asked);

/// Whether a path ends in a directory (or lies below one) that a build makes again: build, dist,
/// target, node_modules, __pycache__, .cache, coverage ... Only whole components count.
bool is_rebuildable(std::string_view path);

}  // namespace countersign::risk
