#include "shell/values.h"

#include <algorithm>
#include <unordered_set>

namespace countersign::shell {

namespace {

/// Up to so many names, comparing them one after the other is quicker than a table.
constexpr std::size_t kLookedThrough = 8;

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
        static const model::InputSource kEither = [] {
            model::InputSource either;
            either.kind = model::InputSource::Kind::File;
            either.content = model::Word::unknown("an input that was moved on one way only");
            return either;
        }();
        joined.moved_input = &kEither;
    }
    return joined;
}

template <class T>
void sort_unique(std::vector<State::Entry<T>>& entries) {
    if (entries.size() < 2) {
        return;
    }
    std::ranges::sort(entries, {}, &State::Entry<T>::id);
    const auto rest = std::ranges::unique(entries, {}, &State::Entry<T>::id);
    entries.erase(rest.begin(), rest.end());
}

/// What a way left of a name; what was before where it did not touch it.
template <class T>
const T* value_in(const std::vector<State::Entry<T>>& entries, State::Id id, const T* before) {
    const auto found = std::ranges::lower_bound(entries, id, {}, &State::Entry<T>::id);
    return found == entries.end() || found->id != id ? before : found->value;
}

template <class T>
bool differ(const T* a, const T* b) {
    return a != b && (a == nullptr || b == nullptr || !(*a == *b));
}

}  // namespace

Value Value::initial(std::string_view name) {
    Value value = unknown("variable " + std::string(name) + " is not assigned in this text");
    value.pieces.push_back({std::string(name), true});
    return value;
}

void append_piece(std::vector<model::WordPiece>& pieces, const model::WordPiece& piece) {
    if (!piece.variable && piece.text.empty()) {
        return;
    }
    if (!piece.variable && !pieces.empty() && !pieces.back().variable) {
        pieces.back().text += piece.text;
        return;
    }
    pieces.push_back(piece);
}

Value concatenate(const Value& before, const Value& added) {
    if (before.is_known() && added.is_text()) {
        return Value::known(before.text + added.text);
    }
    const Value& open = before.is_known() ? added : before;
    Value joined = Value::unknown(open.why.empty() ? "a file name" : open.why);
    const auto start = [](const Value& value) {
        return value.kind == Value::Kind::Number || value.kind == Value::Kind::Glob ? std::string()
                                                                                    : value.text;
    };
    joined.text = start(before) + (before.is_known() ? start(added) : "");
    for (const Value* part : {&before, &added}) {
        if (part->is_known()) {
            append_piece(joined.pieces, {part->text, false});
        } else if (part->pieces.empty() ||
                   joined.pieces.size() + part->pieces.size() > kPiecesMax) {
            joined.pieces.clear();
            break;
        }
        for (const model::WordPiece& piece : part->pieces) {
            append_piece(joined.pieces, piece);
        }
    }
    return joined;
}

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

std::optional<State::Id> State::find(std::string_view name) const {
    if (index_.empty()) {
        for (std::size_t i = 0; i < names_.size(); ++i) {
            if (names_[i].text == name) {
                return static_cast<Id>(i);
            }
        }
        return std::nullopt;
    }
    const auto found = index_.find(name);
    return found == index_.end() ? std::nullopt : std::optional(found->second);
}

State::Id State::intern(std::string_view name, Owned owned) {
    if (const auto known = find(name)) {
        return *known;
    }
    const Id id = static_cast<Id>(names_.size());
    names_.push_back({owned == Owned::Yes ? name : name_texts_.copy(name), nullptr, nullptr});
    if (!index_.empty()) {
        index_.emplace(names_.back().text, id);
    } else if (names_.size() > kLookedThrough) {
        for (Id each = 0; each <= id; ++each) {
            index_.emplace(names_[each].text, each);
        }
    }
    return id;
}

const Variable* State::keep(Variable value) {
    return &variables_.emplace_front(std::move(value));
}

const Function* State::keep(Function value) {
    return &functions_.emplace_front(std::move(value));
}

const Variable* State::variable(std::string_view name) const {
    const auto id = find(name);
    return id ? names_[*id].variable : nullptr;
}

const Function* State::function(std::string_view name) const {
    if (!any_function_) {
        return nullptr;
    }
    const auto id = find(name);
    return id ? names_[*id].function : nullptr;
}

void State::put_variable(Id id, const Variable* value) {
    Name& name = names_[id];
    if (value != nullptr && value->exported) {
        exported_[name.text] = value;
    } else if (name.variable != nullptr && name.variable->exported) {
        exported_.erase(name.text);
    }
    name.variable = value;
}

void State::change_variable(Id id, const Variable* value) {
    Change change;
    change.kind = Change::Kind::Variable;
    change.id = id;
    change.variable = names_[id].variable;
    put_variable(id, value);
    record(change);
}

void State::change_function(Id id, const Function* value) {
    Change change;
    change.kind = Change::Kind::Function;
    change.id = id;
    change.function = names_[id].function;
    names_[id].function = value;
    any_function_ = true;
    record(change);
}

void State::set_variable(std::string_view name, Variable value) {
    change_variable(intern(name, Owned::No), keep(std::move(value)));
}

void State::give_variable(std::string_view name, const Variable& value) {
    put_variable(intern(name, Owned::Yes), &value);
}

void State::forget_variable(std::string_view name) {
    Variable unset;
    unset.assigned = true;
    set_variable(name, std::move(unset));
}

void State::set_function(std::string_view name, Function function) {
    change_function(intern(name, Owned::No), keep(std::move(function)));
}

void State::remove_function(std::string_view name) {
    if (function(name) != nullptr) {
        change_function(intern(name, Owned::No), nullptr);
    }
}

void State::set_core(const Core& core) {
    if (core == core_) {
        return;
    }
    Change change;
    change.core = core_;
    core_ = core;
    record(change);
}

bool State::touched_since(Mark mark, std::string_view name) const {
    const auto id = find(name);
    for (std::size_t i = mark; id && i < journal_.size(); ++i) {
        if (journal_[i].kind == Change::Kind::Variable && journal_[i].id == *id) {
            return true;
        }
    }
    return false;
}

void State::roll_back(Mark mark) {
    while (journal_.size() > mark) {
        const Change& change = journal_.back();
        switch (change.kind) {
            case Change::Kind::Variable:
                put_variable(change.id, change.variable);
                break;
            case Change::Kind::Function:
                names_[change.id].function = change.function;
                break;
            case Change::Kind::Core:
                core_ = change.core;
                break;
        }
        journal_.pop_back();
    }
}

State::Delta State::delta_since(Mark mark) const {
    Delta delta;
    delta.core = core_;
    for (std::size_t i = mark; i < journal_.size(); ++i) {
        const Change& change = journal_[i];
        if (change.kind == Change::Kind::Variable) {
            delta.variables.push_back({change.id, names_[change.id].variable});
        } else if (change.kind == Change::Kind::Function) {
            delta.functions.push_back({change.id, names_[change.id].function});
        }
    }
    sort_unique(delta.variables);
    sort_unique(delta.functions);
    return delta;
}

State::Delta State::take_delta(Mark mark) {
    Delta delta = delta_since(mark);
    roll_back(mark);
    return delta;
}

State::Delta State::unchanged(const Core& core) {
    Delta delta;
    delta.core = core;
    return delta;
}

const Variable* State::start_of(Id id) {
    Variable variable;
    variable.value = Value::initial(names_[id].text);
    return keep(std::move(variable));
}

const Variable* State::join_values(Id id, const Variable* a, const Variable* b) {
    if (a == b || (a != nullptr && b != nullptr && *a == *b)) {
        return a;
    }
    return keep(join(a != nullptr ? *a : *start_of(id), b != nullptr ? *b : *start_of(id)));
}

const Function* State::join_values(Id, const Function* a, const Function* b) {
    if (a == b || (a != nullptr && b != nullptr && *a == *b)) {
        return a;
    }
    Function function = a != nullptr ? *a : *b;
    function.ambiguous = true;
    return keep(std::move(function));
}

bool State::changes_on_join(Mark mark) {
    if (!core_.alive) {
        return false;
    }
    std::unordered_set<Id> variables;
    std::unordered_set<Id> functions;
    bool core_seen = false;
    for (std::size_t i = mark; i < journal_.size(); ++i) {
        const Change& change = journal_[i];
        if (change.kind == Change::Kind::Variable && variables.insert(change.id).second) {
            const Variable* now = names_[change.id].variable;
            if (differ(join_values(change.id, now, change.variable), change.variable)) {
                return true;
            }
        } else if (change.kind == Change::Kind::Function && functions.insert(change.id).second) {
            const Function* now = names_[change.id].function;
            if (differ(join_values(change.id, now, change.function), change.function)) {
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

void State::join_alternatives(std::span<const Delta> alternatives) {
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
    std::vector<Entry<Variable>> variables;
    std::vector<Entry<Function>> functions;
    Core core = alive[0]->core;
    for (const Delta* delta : alive) {
        core = join(core, delta->core);
        variables.insert(variables.end(), delta->variables.begin(), delta->variables.end());
        functions.insert(functions.end(), delta->functions.begin(), delta->functions.end());
    }
    sort_unique(variables);
    sort_unique(functions);
    for (const Entry<Variable>& entry : variables) {
        const Variable* before = names_[entry.id].variable;
        const Variable* joined = value_in(alive[0]->variables, entry.id, before);
        for (std::size_t i = 1; i < alive.size(); ++i) {
            joined = join_values(entry.id, joined, value_in(alive[i]->variables, entry.id, before));
        }
        change_variable(entry.id, joined != nullptr ? joined : start_of(entry.id));
    }
    for (const Entry<Function>& entry : functions) {
        const Function* before = names_[entry.id].function;
        const Function* joined = value_in(alive[0]->functions, entry.id, before);
        for (std::size_t i = 1; i < alive.size(); ++i) {
            joined = join_values(entry.id, joined, value_in(alive[i]->functions, entry.id, before));
        }
        if (joined != nullptr || before != nullptr) {
            change_function(entry.id, joined);
        }
    }
    set_core(core);
}

void State::join_with_before(Mark mark) {
    if (journal_.size() == mark) {
        return;
    }
    Delta ran = take_delta(mark);
    const Delta ways[] = {std::move(ran), unchanged(core_)};
    join_alternatives(ways);
}

void State::remember(History& history, const Change& change) {
    if (change.kind == Change::Kind::Variable) {
        const auto [entry, fresh] = history.variables.try_emplace(change.id, change.variable);
        entry->second = join_values(change.id, entry->second, names_[change.id].variable);
    } else if (change.kind == Change::Kind::Function) {
        const auto [entry, fresh] = history.functions.try_emplace(change.id, change.function);
        entry->second = join_values(change.id, entry->second, names_[change.id].function);
    } else {
        history.core = join(history.core.value_or(change.core), core_);
    }
}

// Called once the new value stands.
void State::record(const Change& change) {
    if (!frames_.empty()) {
        remember(frames_.back(), change);
    }
    if (has_trap_history()) {
        remember(trapped_.back().history, change);
    }
    journal_.push_back(change);
}

void State::apply(const History& history) {
    for (const auto& [id, value] : history.variables) {
        const Variable* joined = join_values(id, names_[id].variable, value);
        change_variable(id, joined != nullptr ? joined : start_of(id));
    }
    for (const auto& [id, value] : history.functions) {
        if (const Function* joined = join_values(id, names_[id].function, value)) {
            change_function(id, joined);
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
        for (const auto& [id, value] : history.variables) {
            const auto [entry, fresh] = outer.variables.try_emplace(id, value);
            entry->second = join_values(id, entry->second, value);
        }
        for (const auto& [id, value] : history.functions) {
            const auto [entry, fresh] = outer.functions.try_emplace(id, value);
            entry->second = join_values(id, entry->second, value);
        }
        if (history.core) {
            outer.core = join(outer.core.value_or(*history.core), *history.core);
        }
    }
    if (end == FrameEnd::JoinAll) {
        apply(history);
    }
}

void State::pop_shell() {
    if (has_trap_history()) {
        trapped_.pop_back();
    }
    --shell_depth_;
}

void State::start_trap_history() {
    if (!has_trap_history()) {
        trapped_.push_back({shell_depth_, {}});
    }
}

void State::apply_trap_history() {
    if (has_trap_history()) {
        const History history = trapped_.back().history;
        apply(history);
    }
}

}  // namespace countersign::shell
