// Sentences for the agent and for people: why a decision fell, and what could be done instead.
// Written for a language model to read: they never invite another spelling of the same thing.
// Private to policy/. Pure; thread safe.
#pragma once

#include <string>
#include <string_view>

#include "model/verdict.h"
#include "policy/subject.h"

namespace countersign::policy {

/// The effect that stands for the action in messages: of the commands with the highest tier, the
/// gravest kind. nullptr when there is none.
const model::Effect* main_effect(const Subject& subject);

/// "deletes /srv/data and all below it"; the strongest risk factor when there is no effect.
std::string what_it_does(const Subject& subject);

/// What the agent could do instead, one sentence.
std::string hint_for(const Subject& subject, model::Decision decision);

/// "one person", "2 people".
std::string people(int approvals);

}  // namespace countersign::policy
