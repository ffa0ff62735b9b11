// Policy files and rule patterns as a hostile author would write them: load refuses or gives a
// policy that decides; a pattern's words come back from its text.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/check.h"
#include "model/rule.h"
#include "policy/policy.h"

using namespace countersign;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    if (const auto words = model::words_from_pattern(text); words.ok()) {
        model::Rule rule;
        rule.words = *words;
        const auto back = model::words_from_pattern(model::pattern_text(rule));
        CHECK(back.ok() && *back == *words);
    }
    auto loaded = policy::Policy::load({{"fuzz.toml", text}});
    if (!loaded.ok()) {
        return 0;
    }
    CHECK(loaded->route(model::Tier::Forbidden).decision == model::Decision::Deny);
    auto evaluator =
        policy::Evaluator::create(std::make_shared<const policy::Policy>(loaded.take()), {});
    if (!evaluator.ok()) {
        return 0;
    }
    model::ActionRequest request;
    request.action.text = "git push";
    model::Assessment assessment;
    model::JudgedCommand command;
    command.argv = {"git", "push"};
    command.tier = model::Tier::Forbidden;
    assessment.commands.push_back(command);
    assessment.tier = model::Tier::Forbidden;
    const auto outcome = evaluator->decide(request, assessment, model::Tier::Forbidden, {});
    CHECK(outcome.decision == model::Decision::Deny);
    return 0;
}
