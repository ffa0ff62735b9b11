#include "shell/resolver.h"

#include "base/limits.h"
#include "shell/flow_scope.h"
#include "shell/parser.h"

namespace countersign::shell {

namespace {

/// Commands, words and assignments executed; loops and calls multiply them.
constexpr std::size_t kStepsMax = 150'000;
constexpr std::size_t kReasonsMax = 1000;

/// Whether the start of one of the signs stands in the text that check_options and
/// check_descriptors look for: "xtg", "xec", "uli", "&-". Every byte of every text is looked at: in
/// pieces of a fixed length without branches, which the compiler makes vector instructions of.
bool may_hold_signs(std::string_view text) {
    const auto starts = [](char a, char b, char c) {
        const auto is = [](char x, char y) { return static_cast<unsigned>(x == y); };
        return static_cast<unsigned char>(
            (is(a, 'x') & ((is(b, 't') & is(c, 'g')) | (is(b, 'e') & is(c, 'c')))) |
            (is(a, 'u') & is(b, 'l') & is(c, 'i')) | (is(a, '&') & is(b, '-')));
    };
    constexpr std::size_t kPiece = 64;
    std::size_t at = 0;
    for (; at + kPiece + 1 < text.size(); at += kPiece) {
        const char* piece = text.data() + at;
        unsigned char found = 0;
        for (std::size_t i = 0; i < kPiece; ++i) {
            found =
                static_cast<unsigned char>(found | starts(piece[i], piece[i + 1], piece[i + 2]));
        }
        if (found != 0) {
            return true;
        }
    }
    for (; at + 1 < text.size(); ++at) {
        if (starts(text[at], text[at + 1], at + 2 < text.size() ? text[at + 2] : '\0') != 0) {
            return true;
        }
    }
    return false;
}

Core initial_core(const Surroundings& surroundings) {
    static const std::vector<Value> kNoArguments;
    Core core;
    core.directory = surroundings.directory;
    core.directory_if_failed = surroundings.directory;
    core.positional = &kNoArguments;
    core.positional_known = surroundings.positional_known;
    return core;
}

}  // namespace

Resolver::Resolver(const Surroundings& surroundings, model::CommandFacts& facts)
    : surroundings_(surroundings), facts_(facts), state_(initial_core(surroundings)) {
    flow_.input = &inherited_input_;
    for (const auto& [name, text] : surroundings.variables) {
        if (name == "IFS") {
            continue;  // bash does not import it
        }
        Variable& variable = given_.emplace_front();
        variable.value = Value::known(text);
        state_.give_variable(name, variable);
    }
    if (surroundings.home && surroundings.variables.count("HOME") == 0) {
        home_.value = Value::known(*surroundings.home);
        state_.give_variable("HOME", home_);
    }
    separators_.value = Value::known(" \t\n");
    state_.give_variable("IFS", separators_);
    if (!surroundings.positional.empty()) {
        Core core = state_.core();
        std::vector<Value> arguments;
        for (const std::string& argument : surroundings.positional) {
            arguments.push_back(Value::known(argument));
        }
        core.positional = keep(std::move(arguments));
        state_.set_core(core);
    }
}

Resolver::~Resolver() = default;

void Resolver::run(const SyntaxTree& tree) {
    source_ = tree.source;
    if (may_hold_signs(source_)) {
        check_options(tree);
        check_descriptors(tree);
    }
    run_script(tree.root);
    finish_traps();
}

void Resolver::incomplete(Span span, std::string why, model::Unresolved::Kind kind) {
    facts_.complete = false;
    unknown_code_ran_ = unknown_code_ran_ || kind == model::Unresolved::Kind::Execution;
    model::Unresolved entry{place(span), std::move(why), kind};
    if (facts_.unresolved.size() < kReasonsMax &&
        (facts_.unresolved.empty() || !(facts_.unresolved.back() == entry))) {
        facts_.unresolved.push_back(std::move(entry));
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
    std::size_t first = traps_.size();
    while (first > 0 && traps_[first - 1].shell_depth == state_.shell_depth()) {
        --first;
    }
    const std::vector<Trap> traps(traps_.begin() + static_cast<std::ptrdiff_t>(first),
                                  traps_.end());
    traps_.resize(first);
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
    // What a trap's own text sets at the end of its shell never runs.
    while (!traps_.empty() && traps_.back().shell_depth == state_.shell_depth()) {
        traps_.pop_back();
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
