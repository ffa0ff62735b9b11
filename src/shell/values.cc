#include "shell/values.h"

#include <unordered_set>

namespace countersign::shell {

namespace {

std::string common_prefix(const std::string& a, const std::string& b) {
    std::size_t n = 0;
    while (n < a.size() && n < b.size() && a[n] == b[n]) {
        ++n;
    }
    return a.substr(0, n);
}

bool is_integer(const std::string& text) {
    if (text.empty() || text.size() > 18) {
        return false;
    }
    for (const char c : text) {
        if (c < '0' || c > '9') {
            return false;
        }
    }
    return true;
}

Variable join(const Variable& a, const Variable& b) {
    if (a == b) {
        return a;
    }
    Variable joined = a;
    joined.exported = a.exported || b.exported;
    joined.assigned = a.assigned || b.assigned;
    joined.integer = a.integer || b.integer;
    joined.nameref = a.nameref || b.nameref;
    joined.recased = a.recased || b.recased;
    joined.readonly = a.readonly || b.readonly;
    joined.array = a.array || b.array;
    joined.associative = a.associative || b.associative;
    joined.value = join(a.value, b.value);
    if (joined.array &&
        (a.array != b.array || a.elements != b.elements || a.elements_known != b.elements_known)) {
        joined.elements.clear();
        joined.elements_known = false;
    }
    return joined;
}

Variable unknown_start(const std::string& name) {
    Variable variable;
    variable.value = Value::unknown("variable " + name + " is not assigned in this text");
    return variable;
}

std::optional<Variable> join(const std::string& name, const std::optional<Variable>& a,
                             const std::optional<Variable>& b) {
    if (a == b) {
        return a;
    }
    return join(a ? *a : unknown_start(name), b ? *b : unknown_start(name));
}

std::optional<Function> join(const std::optional<Function>& a, const std::optional<Function>& b) {
    if (a == b) {
        return a;
    }
    Function function = a ? *a : *b;
    function.ambiguous = true;
    return function;
}

Core join(const Core& a, const Core& b) {
    if (!a.alive || !b.alive) {
        return a.alive ? a : b;
    }
    Core joined = a;
    if (a.directory != b.directory) {
        joined.directory.reset();
    }
    if (a.directory_if_failed != b.directory_if_failed) {
        joined.directory_if_failed.reset();
    }
    joined.stop_on_error = a.stop_on_error && b.stop_on_error;
    joined.exports_all = a.exports_all || b.exports_all;
    joined.no_globs = a.no_globs && b.no_globs;
    const bool same = a.positional == b.positional ||
                      (a.positional && b.positional && *a.positional == *b.positional);
    joined.positional_known = a.positional_known && b.positional_known && same;
    const bool same_input = a.moved_input == b.moved_input ||
                            (a.moved_input && b.moved_input && *a.moved_input == *b.moved_input);
    if (!same_input) {
        model::InputSource either;
        either.kind = model::InputSource::Kind::File;
        either.content = model::Word::unknown("an input that was moved on one way only");
        // Shared between the copies of Core in the journal.
        joined.moved_input = std::make_shared<const model::InputSource>(std::move(either));
    }
    return joined;
}

}  // namespace

Value join(const Value& a, const Value& b) {
    if (a == b) {
        return a;
    }
    const auto numeric = [](const Value& v) {
        return v.kind == Value::Kind::Number || (v.is_text() && is_integer(v.text));
    };
    if (numeric(a) && numeric(b)) {
        return Value::number("its value depends on the way taken");
    }
    Value joined = Value::unknown(!a.why.empty()   ? a.why
                                  : !b.why.empty() ? b.why
                                                   : "its value depends on the way taken");
    const auto prefixed = [](const Value& v) {
        return v.kind == Value::Kind::Text || v.kind == Value::Kind::Unknown;
    };
    if (prefixed(a) && prefixed(b)) {
        joined.text = common_prefix(a.text, b.text);
    }
    return joined;
}

const Variable* State::variable(const std::string& name) const {
    const auto found = variables_.find(name);
    return found == variables_.end() ? nullptr : &found->second;
}

const Function* State::function(const std::string& name) const {
    const auto found = functions_.find(name);
    return found == functions_.end() ? nullptr : &found->second;
}

void State::put_variable(const std::string& name, std::optional<Variable> value) {
    if (value && value->exported) {
        exported_[name] = 1;
    } else {
        exported_.erase(name);
    }
    if (value) {
        variables_[name] = std::move(*value);
    } else {
        variables_.erase(name);
    }
}

void State::put_function(const std::string& name, std::optional<Function> value) {
    if (value) {
        functions_[name] = std::move(*value);
    } else {
        functions_.erase(name);
    }
}

void State::set_variable(const std::string& name, Variable value) {
    Change change;
    change.kind = Change::Kind::Variable;
    change.name = name;
    if (const Variable* old = variable(name)) {
        change.variable = *old;
    }
    put_variable(name, std::move(value));
    record(std::move(change));
}

void State::forget_variable(const std::string& name) {
    Variable unset;
    unset.assigned = true;
    set_variable(name, unset);
}

void State::set_function(const std::string& name, Function function) {
    Change change;
    change.kind = Change::Kind::Function;
    change.name = name;
    if (const Function* old = this->function(name)) {
        change.function = *old;
    }
    put_function(name, std::move(function));
    record(std::move(change));
}

void State::remove_function(const std::string& name) {
    if (const Function* old = function(name)) {
        Change change;
        change.kind = Change::Kind::Function;
        change.name = name;
        change.function = *old;
        put_function(name, std::nullopt);
        record(std::move(change));
    }
}

void State::set_core(Core core) {
    if (core == core_) {
        return;
    }
    Change change;
    change.core = std::exchange(core_, std::move(core));
    record(std::move(change));
}

bool State::touched_since(Mark mark, const std::string& name) const {
    for (std::size_t i = mark; i < journal_.size(); ++i) {
        if (journal_[i].kind == Change::Kind::Variable && journal_[i].name == name) {
            return true;
        }
    }
    return false;
}

void State::roll_back(Mark mark) {
    while (journal_.size() > mark) {
        Change change = std::move(journal_.back());
        journal_.pop_back();
        switch (change.kind) {
            case Change::Kind::Variable:
                put_variable(change.name, std::move(change.variable));
                break;
            case Change::Kind::Function:
                put_function(change.name, std::move(change.function));
                break;
            case Change::Kind::Core:
                core_ = std::move(change.core);
                break;
        }
    }
}

State::Delta State::delta_since(Mark mark) const {
    Delta delta;
    delta.core = core_;
    for (std::size_t i = mark; i < journal_.size(); ++i) {
        const Change& change = journal_[i];
        if (change.kind == Change::Kind::Variable) {
            const Variable* now = variable(change.name);
            delta.variables[change.name] = now ? std::optional<Variable>(*now) : std::nullopt;
        } else if (change.kind == Change::Kind::Function) {
            const Function* now = function(change.name);
            delta.functions[change.name] = now ? std::optional<Function>(*now) : std::nullopt;
        }
    }
    return delta;
}

State::Delta State::take_delta(Mark mark) {
    Delta delta = delta_since(mark);
    roll_back(mark);
    return delta;
}

State::Delta State::unchanged(Core core) {
    Delta delta;
    delta.core = std::move(core);
    return delta;
}

bool State::changes_on_join(Mark mark) const {
    if (!core_.alive) {
        return false;
    }
    std::unordered_set<std::string> variables;
    std::unordered_set<std::string> functions;
    bool core_seen = false;
    for (std::size_t i = mark; i < journal_.size(); ++i) {
        const Change& change = journal_[i];
        if (change.kind == Change::Kind::Variable && variables.insert(change.name).second) {
            const Variable* now = variable(change.name);
            if (join(change.name, now ? std::optional(*now) : std::nullopt, change.variable) !=
                change.variable) {
                return true;
            }
        } else if (change.kind == Change::Kind::Function && functions.insert(change.name).second) {
            const Function* now = function(change.name);
            if (join(now ? std::optional(*now) : std::nullopt, change.function) !=
                change.function) {
                return true;
            }
        } else if (change.kind == Change::Kind::Core && !core_seen) {
            core_seen = true;
            if (!(join(core_, change.core) == change.core)) {
                return true;
            }
        }
    }
    return false;
}

void State::join_alternatives(const std::vector<Delta>& alternatives) {
    std::vector<const Delta*> alive;
    for (const Delta& delta : alternatives) {
        if (delta.core.alive) {
            alive.push_back(&delta);
        }
    }
    if (alive.empty()) {
        Core dead = core_;
        dead.alive = false;
        set_core(dead);
        return;
    }
    std::unordered_set<std::string> variables;
    std::unordered_set<std::string> functions;
    Core core = alive[0]->core;
    for (const Delta* delta : alive) {
        core = join(core, delta->core);
        for (const auto& entry : delta->variables) {
            variables.insert(entry.first);
        }
        for (const auto& entry : delta->functions) {
            functions.insert(entry.first);
        }
    }
    for (const std::string& name : variables) {
        const Variable* base = variable(name);
        const std::optional<Variable> before = base ? std::optional(*base) : std::nullopt;
        std::optional<Variable> joined;
        for (std::size_t i = 0; i < alive.size(); ++i) {
            const auto found = alive[i]->variables.find(name);
            const std::optional<Variable>& value =
                found == alive[i]->variables.end() ? before : found->second;
            joined = i == 0 ? value : join(name, joined, value);
        }
        set_variable(name, joined ? *joined : unknown_start(name));
    }
    for (const std::string& name : functions) {
        const Function* base = function(name);
        const std::optional<Function> before = base ? std::optional(*base) : std::nullopt;
        std::optional<Function> joined;
        for (std::size_t i = 0; i < alive.size(); ++i) {
            const auto found = alive[i]->functions.find(name);
            const std::optional<Function>& value =
                found == alive[i]->functions.end() ? before : found->second;
            joined = i == 0 ? value : join(joined, value);
        }
        if (joined) {
            set_function(name, *joined);
        } else {
            remove_function(name);
        }
    }
    set_core(core);
}

void State::join_with_before(Mark mark) {
    if (journal_.size() == mark) {
        return;
    }
    const Delta ran = take_delta(mark);
    Delta skipped;
    skipped.core = core_;
    join_alternatives({ran, skipped});
}

void State::remember(History& history, const Change& change, const State& state) {
    if (change.kind == Change::Kind::Variable) {
        const Variable* now = state.variable(change.name);
        const std::optional<Variable> value = now ? std::optional(*now) : std::nullopt;
        const auto [entry, fresh] = history.variables.try_emplace(change.name, change.variable);
        entry->second = join(change.name, entry->second, value);
    } else if (change.kind == Change::Kind::Function) {
        const Function* now = state.function(change.name);
        const std::optional<Function> value = now ? std::optional(*now) : std::nullopt;
        const auto [entry, fresh] = history.functions.try_emplace(change.name, change.function);
        entry->second = join(entry->second, value);
    } else {
        history.core = join(history.core.value_or(change.core), state.core_);
    }
}

// Called once the new value stands.
void State::record(Change change) {
    if (!frames_.empty()) {
        remember(frames_.back(), change, *this);
    }
    if (shells_.back()) {
        remember(*shells_.back(), change, *this);
    }
    journal_.push_back(std::move(change));
}

void State::apply(const History& history) {
    for (const auto& [name, value] : history.variables) {
        const Variable* now = variable(name);
        const auto joined = join(name, now ? std::optional(*now) : std::nullopt, value);
        set_variable(name, joined ? *joined : unknown_start(name));
    }
    for (const auto& [name, value] : history.functions) {
        const Function* now = function(name);
        if (const auto joined = join(now ? std::optional(*now) : std::nullopt, value)) {
            set_function(name, *joined);
        }
    }
    if (history.core) {
        set_core(join(core_, *history.core));
    }
}

void State::pop_frame(FrameEnd end) {
    const History history = std::move(frames_.back());
    frames_.pop_back();
    if (!frames_.empty()) {
        History& outer = frames_.back();
        for (const auto& [name, value] : history.variables) {
            const auto [entry, fresh] = outer.variables.try_emplace(name, value);
            entry->second = join(name, entry->second, value);
        }
        for (const auto& [name, value] : history.functions) {
            const auto [entry, fresh] = outer.functions.try_emplace(name, value);
            entry->second = join(entry->second, value);
        }
        if (history.core) {
            outer.core = join(outer.core.value_or(*history.core), *history.core);
        }
    }
    if (end == FrameEnd::JoinAll) {
        apply(history);
    }
}

void State::start_trap_history() {
    if (!shells_.back()) {
        shells_.back().emplace();
    }
}

void State::apply_trap_history() {
    if (shells_.back()) {
        const History history = *shells_.back();
        apply(history);
    }
}

}  // namespace countersign::shell
