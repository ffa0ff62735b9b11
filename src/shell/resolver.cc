#include "shell/resolver.h"

#include "base/limits.h"
#include "shell/flow_scope.h"
#include "shell/parser.h"

namespace countersign::shell {

namespace {

/// Commands, words and assignments executed; loops and calls multiply them.
constexpr std::size_t kStepsMax = 150'000;
constexpr std::size_t kReasonsMax = 1000;

Core initial_core(const Surroundings& surroundings) {
    Core core;
    core.directory = surroundings.directory;
    core.directory_if_failed = surroundings.directory;
    std::vector<Value> positional;
    for (const std::string& argument : surroundings.positional) {
        positional.push_back(Value::known(argument));
    }
    // Shared, since every State::Core copy refers to the same list until `set` or a call.
    core.positional = std::make_shared<const std::vector<Value>>(std::move(positional));
    core.positional_known = surroundings.positional_known;
    return core;
}

}  // namespace

Resolver::Resolver(const Surroundings& surroundings, model::CommandFacts& facts)
    : surroundings_(surroundings), facts_(facts), state_(initial_core(surroundings)) {
    for (const auto& [name, text] : surroundings.variables) {
        if (name == "IFS") {
            continue;  // bash does not import it
        }
        Variable variable;
        variable.value = Value::known(text);
        state_.set_variable(name, variable);
    }
    if (surroundings.home && surroundings.variables.count("HOME") == 0) {
        Variable home;
        home.value = Value::known(*surroundings.home);
        state_.set_variable("HOME", home);
    }
    Variable separators;
    separators.value = Value::known(" \t\n");
    state_.set_variable("IFS", separators);
    traps_.emplace_back();
}

Resolver::~Resolver() = default;

void Resolver::run(const SyntaxTree& tree) {
    source_ = tree.source;
    check_options(tree);
    check_descriptors(tree);
    run_script(tree.root);
    finish_traps();
}

void Resolver::incomplete(Span span, std::string why, model::Unresolved::Kind kind) {
    facts_.complete = false;
    const model::Unresolved entry{place(span), std::move(why), kind};
    if (facts_.unresolved.size() < kReasonsMax &&
        (facts_.unresolved.empty() || !(facts_.unresolved.back() == entry))) {
        facts_.unresolved.push_back(entry);
    }
}

bool Resolver::spend(std::size_t work) {
    steps_ += work;
    if (steps_ > kStepsMax && !exhausted_) {
        exhausted_ = true;
        incomplete({}, "the text does more than is followed here");
    }
    return !exhausted_;
}

void Resolver::set_alive(bool alive) {
    Core core = state_.core();
    core.alive = alive;
    state_.set_core(core);
}

// bash reads a line with the options that the lines before it have set. extglob is the only one
// that this reader follows, and only as far as: a text that reads the same either way.
void Resolver::check_options(const SyntaxTree& tree) {
    if (tree.source.find("xtglob") == std::string::npos) {
        return;
    }
    if (!extended_globs_ && loop_depth_ > 0) {
        incomplete({}, "extglob in evaluated text in a loop");
    }
    extended_globs_ = true;
    SyntaxTree other;
    other.source = tree.source;
    ParseOptions options;
    options.dialect = surroundings_.dialect;
    options.extended_globs = true;
    Parser parser(other.source, other.arena, options);
    other.root = parser.parse_text();
    if (other.root == nullptr || !trees_equal(tree, other)) {
        incomplete({}, "the text reads differently once extglob is set");
    }
}

// A redirection that cannot be made keeps a builtin from running: an exit as well. What never fails
// in a shell as it starts may fail once descriptors were closed or their number was limited.
void Resolver::check_descriptors(const SyntaxTree& tree) {
    const std::string_view text = tree.source;
    // "exec", "ulimit" and ">&-" by their rarer letters: this looks at every byte of every text.
    for (const std::string_view sign : {"xec", "ulimit", "&-"}) {
        if (!descriptors_moved_ && text.find(sign) != std::string_view::npos) {
            descriptors_moved_ = true;
            if (loop_depth_ > 0) {
                incomplete({}, "descriptors moved by evaluated text in a loop");
            }
        }
    }
}

// Traps run at times that are not known: with any value that anything had since they were set.
void Resolver::finish_traps() {
    const std::vector<Trap> traps = traps_.back();
    if (traps.empty()) {
        return;
    }
    set_alive(true);
    state_.apply_trap_history();
    FlowScope scope(*this);
    flow_.conditional = true;
    flow_.maybe = true;
    for (const Trap& trap : traps) {
        const State::Mark mark = state_.mark();
        run_text(trap.text, trap.span, "a trap");
        if (trap.anywhere && state_.mark() != mark) {
            incomplete(trap.span, "a trap that changes what the commands after it mean");
        }
        state_.join_with_before(mark);
    }
}

model::CommandFacts analyze(std::string_view text, const Surroundings& surroundings) {
    model::CommandFacts facts;
    const ParseOutcome outcome = parse(text, surroundings.dialect);
    if (!outcome.ok()) {
        facts.complete = false;
        facts.error = outcome.error;
        return facts;
    }
    Resolver resolver(surroundings, facts);
    resolver.run(outcome.parsed->tree());
    return facts;
}

}  // namespace countersign::shell
