#include "policy/subject.h"

#include <algorithm>

namespace countersign::policy {
namespace {

// What an action without commands is called, word by word.
Words members_of(const model::Action& action) {
    switch (action.kind) {
        case model::ActionKind::Sql:
            return {"sql", action.server, action.text};
        case model::ActionKind::ToolCall:
            return {action.server, action.name, action.text};
        case model::ActionKind::Http:
        case model::ActionKind::File:
            return {action.name, action.target};
        case model::ActionKind::Command:
        case model::ActionKind::Exec:
            break;
    }
    return {};
}

}  // namespace

std::string joined(const Words& words) {
    std::string out;
    for (const auto& word : words) {
        if (!out.empty()) {
            out += ' ';
        }
        // A NUL cannot stand in a word, so no pattern can mean it.
        out += word ? *word : std::string("\0", 1);
    }
    return out;
}

Subject::Subject(const model::ActionRequest& request, const model::Assessment& assessment)
    : request_(request), assessment_(assessment) {
    const model::ActionKind kind = request.action.kind;
    if (!assessment.commands.empty() && kind != model::ActionKind::Sql) {
        take_commands();
    } else {
        take_members();
    }
    if (kind == model::ActionKind::Command || kind == model::ActionKind::Sql) {
        text_ = request.action.text;
    } else {
        joined_ = joined(*commands_.front().words);
        text_ = joined_;
    }
}

void Subject::take_commands() {
    commands_.resize(assessment_.commands.size());
    for (std::size_t i = 0; i < commands_.size(); ++i) {
        const model::JudgedCommand& from = assessment_.commands[i];
        CommandSubject& to = commands_[i];
        to.words = &from.argv;
        to.directory = &from.directory;
        to.tier = from.tier;
        to.known = from.known;
        to.outer = !from.inside.has_value();
        command_tier_ = model::stricter(command_tier_, from.tier);
    }
    for (const model::Effect& effect : assessment_.effects) {
        // An index out of range is a defect elsewhere; here it must only not lose the effect.
        commands_[std::min(effect.command, commands_.size() - 1)].effects.push_back(&effect);
    }
}

void Subject::take_members() {
    members_ = members_of(request_.action);
    CommandSubject only;
    only.words = &members_;
    only.tier = assessment_.tier;
    only.known = assessment_.complete;
    for (const model::Effect& effect : assessment_.effects) {
        only.effects.push_back(&effect);
    }
    commands_.push_back(std::move(only));
    command_tier_ = assessment_.tier;
}

}  // namespace countersign::policy
