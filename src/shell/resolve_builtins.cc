// Built-in commands: the table, and those that print, test or run other text.
#include <algorithm>

#include "base/limits.h"
#include "shell/flow_scope.h"
#include "shell/quoting.h"
#include "shell/resolver.h"

namespace countersign::shell {

namespace {

/// What dash does not have; there these names are programs.
constexpr std::string_view kBashOnly[] = {
    "bind",   "builtin",   "caller", "compgen", "complete", "compopt", "declare", "dirs",
    "disown", "enable",    "help",   "history", "let",      "logout",  "mapfile", "popd",
    "pushd",  "readarray", "shopt",  "source",  "suspend",  "typeset"};

bool bash_only(std::string_view name) {
    for (const std::string_view entry : kBashOnly) {
        if (entry == name) {
            return true;
        }
    }
    return false;
}

using Target = model::ResolvedCommand::Target;

std::optional<std::vector<std::string>> known_arguments(const std::vector<model::Word>& argv,
                                                        std::size_t first) {
    std::vector<std::string> out;
    for (std::size_t i = first; i < argv.size(); ++i) {
        if (!argv[i].value || argv[i].glob) {
            return std::nullopt;
        }
        out.push_back(*argv[i].value);
    }
    return out;
}

/// A signal, or the end of the shell: what trap accepts but for DEBUG, RETURN and ERR.
bool is_signal(std::string_view name) {
    static constexpr std::string_view kSignals[] = {
        "EXIT", "0",    "HUP",  "1",    "INT",  "2",    "QUIT", "3",      "ILL",   "TRAP",
        "ABRT", "6",    "BUS",  "FPE",  "KILL", "9",    "USR1", "10",     "SEGV",  "USR2",
        "12",   "PIPE", "13",   "ALRM", "14",   "TERM", "15",   "STKFLT", "CHLD",  "17",
        "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",  "XCPU", "XFSZ",   "WINCH", "SYS"};
    std::string upper(name);
    for (char& c : upper) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    }
    std::string_view plain = upper;
    if (plain.starts_with("SIG")) {
        plain.remove_prefix(3);
    }
    return std::ranges::find(kSignals, plain) != std::end(kSignals);
}

/// dash's echo knows one option, and escapes without any.
bool dash_echoes_alike(const std::vector<std::string>& arguments) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const bool option = arguments[i].starts_with("-") && !(i == 0 && arguments[i] == "-n");
        if (option || arguments[i].find('\\') != std::string::npos) {
            return false;
        }
    }
    return true;
}

/// Whether a format stands there that dash reads as bash does: %s, %%, \n, \t and text.
bool dash_prints_alike(const std::vector<std::string>& arguments) {
    if (arguments.empty() || arguments[0].starts_with("-")) {
        return false;
    }
    const std::string& format = arguments[0];
    for (std::size_t i = 0; i < format.size(); ++i) {
        const char c = format[i];
        if (c != '%' && c != '\\') {
            continue;
        }
        ++i;
        const char next = i < format.size() ? format[i] : '\0';
        const bool known = c == '%' ? next == 's' || next == '%' : next == 'n' || next == 't';
        if (!known) {
            return false;
        }
    }
    return true;
}

std::optional<std::int64_t> small_number(const model::Word& word) {
    if (!word.value || word.value->empty() || word.value->size() > 15) {
        return std::nullopt;
    }
    std::int64_t value = 0;
    const bool negative = word.value->front() == '-';
    for (const char c : word.value->substr(negative ? 1 : 0)) {
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        value = value * 10 + (c - '0');
    }
    return negative ? -value : value;
}

}  // namespace

const Resolver::BuiltinEntry* Resolver::find_builtin(std::string_view name) {
    static constexpr BuiltinEntry kTable[] = {
        {":", &Resolver::builtin_true},
        {"true", &Resolver::builtin_true},
        {"false", &Resolver::builtin_false},
        {"echo", &Resolver::builtin_echo},
        {"printf", &Resolver::builtin_printf},
        {"test", &Resolver::builtin_test},
        {"[", &Resolver::builtin_test},
        {"cd", &Resolver::builtin_cd},
        {"pushd", &Resolver::builtin_pushd},
        {"popd", &Resolver::builtin_pushd},
        {"pwd", &Resolver::builtin_pwd},
        {"declare", &Resolver::builtin_declare},
        {"typeset", &Resolver::builtin_declare},
        {"local", &Resolver::builtin_declare},
        {"export", &Resolver::builtin_declare},
        {"readonly", &Resolver::builtin_declare},
        {"unset", &Resolver::builtin_unset},
        {"read", &Resolver::builtin_read},
        {"mapfile", &Resolver::builtin_mapfile},
        {"readarray", &Resolver::builtin_mapfile},
        {"set", &Resolver::builtin_set},
        {"shift", &Resolver::builtin_shift},
        {"shopt", &Resolver::builtin_shopt},
        {"eval", &Resolver::builtin_eval},
        {"source", &Resolver::builtin_source},
        {".", &Resolver::builtin_source},
        {"trap", &Resolver::builtin_trap},
        {"exec", &Resolver::builtin_exec},
        {"exit", &Resolver::builtin_exit},
        {"logout", &Resolver::builtin_plain},
        {"return", &Resolver::builtin_return},
        {"break", &Resolver::builtin_break},
        {"continue", &Resolver::builtin_break},
        {"command", &Resolver::builtin_command},
        {"builtin", &Resolver::builtin_builtin},
        {"alias", &Resolver::builtin_alias},
        {"let", &Resolver::builtin_let},
        {"getopts", &Resolver::builtin_getopts},
        {"enable", &Resolver::builtin_names_a_command},
        {"hash", &Resolver::builtin_names_a_command},
        {"compgen", &Resolver::builtin_names_a_command},
        {"fc", &Resolver::builtin_names_a_command},
        {"jobs", &Resolver::builtin_names_a_command},
        {"wait", &Resolver::builtin_wait},
        {"bg", &Resolver::builtin_plain},
        {"bind", &Resolver::builtin_plain},
        {"caller", &Resolver::builtin_plain},
        {"complete", &Resolver::builtin_plain},
        {"compopt", &Resolver::builtin_plain},
        {"dirs", &Resolver::builtin_plain},
        {"disown", &Resolver::builtin_plain},
        {"fg", &Resolver::builtin_plain},
        {"help", &Resolver::builtin_plain},
        {"history", &Resolver::builtin_plain},
        {"kill", &Resolver::builtin_plain},
        {"suspend", &Resolver::builtin_plain},
        {"times", &Resolver::builtin_plain},
        {"type", &Resolver::builtin_plain},
        {"ulimit", &Resolver::builtin_plain},
        {"umask", &Resolver::builtin_plain},
        {"unalias", &Resolver::builtin_plain},
    };
    const auto* found = std::ranges::find_if(kTable, [&](const BuiltinEntry& entry) {
        return entry.name.size() == name.size() && entry.name[0] == name[0] && entry.name == name;
    });
    return found == std::end(kTable) ? nullptr : found;
}

bool Resolver::is_builtin(std::string_view name) const {
    return find_builtin(name) != nullptr &&
           !(surroundings_.dialect == Dialect::Posix && bash_only(name));
}

Status Resolver::builtin_plain(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    write_output(invocation, std::nullopt, "output of the shell itself");
    return Status::Unknown;
}

Status Resolver::builtin_true(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    return invocation.redirections.empty() ? Status::Success : Status::Unknown;
}

Status Resolver::builtin_false(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    return Status::Failure;
}

Status Resolver::builtin_echo(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    const auto arguments = known_arguments(invocation.argv, 1);
    std::optional<std::string> text = arguments ? echo_output(*arguments) : std::nullopt;
    if (text && surroundings_.dialect == Dialect::Posix && !dash_echoes_alike(*arguments)) {
        text.reset();
    }
    write_output(invocation, text, "output of echo with a value that is not known");
    return Status::Unknown;
}

Status Resolver::builtin_printf(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    const auto& argv = invocation.argv;
    if (surroundings_.dialect == Dialect::Posix) {
        const auto arguments = known_arguments(argv, 1);
        const bool alike = arguments && dash_prints_alike(*arguments);
        write_output(invocation, alike ? printf_output(*arguments) : std::nullopt,
                     "output of printf with a value or an option that is not known");
        return Status::Unknown;
    }
    if (argv.size() > 1 && (!argv[1].value || argv[1].value->starts_with("-v"))) {
        const bool apart = argv[1].value && *argv[1].value == "-v";
        const std::string name = !argv[1].value                              ? ""
                                 : apart && argv.size() > 2 && argv[2].value ? *argv[2].value
                                 : !apart ? argv[1].value->substr(2)
                                          : "";
        if (argv[1].value || argv[1].splits) {
            if (name.empty() || name.find('[') != std::string::npos) {
                incomplete(invocation.span, "printf -v to a name that is not known");
                return Status::Unknown;
            }
            const auto arguments = known_arguments(argv, apart ? 3 : 2);
            const auto text = arguments ? printf_output(*arguments) : std::nullopt;
            assign(name, text ? Value::known(*text) : Value::unknown("output of printf"), false,
                   invocation.span);
            return Status::Unknown;
        }
    }
    if (argv.size() > 2 && !argv[1].value &&
        (argv[1].known_prefix.empty() || argv[1].known_prefix.starts_with("-"))) {
        // The format itself may be -vNAME, or -v with a name behind it.
        incomplete(argv[1].span, "a format of printf that may be the option -v");
    }
    const auto arguments = known_arguments(argv, 1);
    write_output(invocation, arguments ? printf_output(*arguments) : std::nullopt,
                 "output of printf with a value that is not known");
    return Status::Unknown;
}

// -v and -R evaluate a subscript in their word, and bash runs $(...) in it.
Status Resolver::builtin_test(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    const auto& argv = invocation.argv;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const bool unary = (!argv[i].value && !argv[i].number) || argv[i].glob ||
                           argv[i].value == std::string("-v") || argv[i].value == std::string("-R");
        const bool splits = !argv[i].value && argv[i].splits;
        const bool next_risky =
            i + 1 < argv.size() && (!argv[i + 1].value || argv[i + 1].glob ||
                                    argv[i + 1].value->find('[') != std::string::npos);
        if (splits || (unary && next_risky)) {
            incomplete(argv[i].span, "test may evaluate a subscript in a value that is not known");
        }
    }
    return Status::Unknown;
}

Status Resolver::run_text(const std::string& text, Span span, std::string_view what) {
    if (eval_depth_ >= limits::kUnwrapDepthMax || !spend(1 + text.size() / 16)) {
        incomplete(span, std::string(what) + " nested deeper than is followed here");
        return Status::Unknown;
    }
    ParseOutcome outcome = parse(text, surroundings_.dialect);
    if (!outcome.ok()) {
        incomplete(span,
                   std::string(what) + " of text that is not valid: " + outcome.error.message);
        return Status::Unknown;
    }
    texts_.push_back(std::move(*outcome.parsed));
    const SyntaxTree& tree = texts_.back().tree();
    ++eval_depth_;
    const bool was_fixed = fixed_span_.has_value();
    if (!was_fixed) {
        fixed_span_ = span;
    }
    check_options(tree);
    const Status status = run_script(tree.root);
    if (!was_fixed) {
        fixed_span_.reset();
    }
    --eval_depth_;
    return status;
}

Status Resolver::builtin_eval(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    std::string text;
    std::size_t first = 1;
    if (invocation.argv.size() > 1 && invocation.argv[1].value == std::string("--")) {
        first = 2;
    }
    for (std::size_t i = first; i < invocation.argv.size(); ++i) {
        const model::Word& word = invocation.argv[i];
        if (!word.value || word.glob) {
            incomplete(
                word.span,
                "eval of text that is not known" + (word.value ? "" : ": " + word.why_unknown),
                model::Unresolved::Kind::Word);
            unknown_code_ran_ = true;
            write_output(invocation, std::nullopt, "output of eval");
            return Status::Unknown;
        }
        text += (i == first ? "" : " ") + *word.value;
    }
    FlowScope scope(*this);
    std::optional<InputScope> own_input;
    if (invocation.moves_input()) {
        own_input.emplace(*this, invocation.input);
    }
    if (invocation.output_moved) {
        flow_.to_pipe = false;
        flow_.sink = nullptr;
    }
    const Status status = run_text(text, invocation.span, "eval");
    return invocation.redirections.empty() ? status : Status::Unknown;
}

Status Resolver::builtin_source(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    const auto& argv = invocation.argv;
    const bool standard_input = argv.size() == 2 && argv[1].value == std::string("/dev/stdin") &&
                                invocation.input.kind == model::InputSource::Kind::Text &&
                                invocation.input.content.value;
    if (standard_input) {
        FlowScope scope(*this);
        return run_text(*invocation.input.content.value, invocation.span, "source");
    }
    incomplete(invocation.span,
               "source runs the contents of " +
                   (argv.size() > 1 && argv[1].value ? *argv[1].value : std::string("a file")),
               model::Unresolved::Kind::Word);
    unknown_code_ran_ = true;
    write_output(invocation, std::nullopt, "output of a sourced file");
    return Status::Unknown;
}

Status Resolver::builtin_trap(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    const auto& argv = invocation.argv;
    std::size_t first = 1;
    while (
        first < argv.size() && argv[first].value &&
        (*argv[first].value == "--" || *argv[first].value == "-p" || *argv[first].value == "-l")) {
        if (*argv[first].value != "--") {
            write_output(invocation, std::nullopt, "output of trap");
            return Status::Unknown;
        }
        ++first;
    }
    if (first >= argv.size()) {
        write_output(invocation, std::nullopt, "output of trap");
        return Status::Unknown;
    }
    if (!argv[first].value || argv[first].glob) {
        incomplete(argv[first].span, "a trap whose text is not known");
        return Status::Unknown;
    }
    const std::string text = *argv[first].value;
    if (text.empty() || text == "-" || argv.size() == first + 1) {
        return Status::Unknown;
    }
    bool anywhere = false;
    for (std::size_t i = first + 1; i < argv.size(); ++i) {
        const std::string signal = argv[i].value.value_or("?");
        if (!is_signal(signal)) {
            // DEBUG, RETURN and ERR run between other commands and may change what these do.
            incomplete(invocation.span, "a trap that runs between commands");
        }
        anywhere = anywhere || !(signal == "EXIT" || signal == "exit" || signal == "0");
    }
    state_.start_trap_history();
    traps_.push_back({text, place(invocation.span), anywhere, state_.shell_depth()});
    return Status::Unknown;
}

Status Resolver::builtin_exec(Invocation& invocation) {
    std::size_t first = 1;
    const auto& argv = invocation.argv;
    bool named = false;
    while (first < argv.size() && argv[first].value && argv[first].value->starts_with("-") &&
           argv[first].value->size() > 1) {
        const std::string option = *argv[first].value;
        ++first;
        if (option == "--") {
            break;
        }
        if (option.find('a') != std::string::npos) {
            named = true;
            ++first;
        }
    }
    if (first >= argv.size()) {
        emit(invocation, Target::Builtin);
        if (invocation.moves_input()) {
            Core core = state_.core();
            core.moved_input = &moved_inputs_.emplace_front(invocation.input);
            state_.set_core(core);
        }
        if (!invocation.redirections.empty() && flow_.sink != nullptr) {
            flow_.sink->known = false;
            flow_.sink->why = "output after exec moved descriptors";
        }
        return Status::Unknown;
    }
    if (named) {
        incomplete(invocation.span, "exec -a gives the program another name");
    }
    Invocation inner = invocation;
    inner.argv.assign(argv.begin() + static_cast<std::ptrdiff_t>(first), argv.end());
    if (!inner.argv.front().value || inner.argv.front().glob) {
        incomplete(inner.argv.front().span, "the program's name is not known",
                   model::Unresolved::Kind::Word);
        emit(inner, Target::Unknown);
        return Status::Unknown;
    }
    return run_external(inner);
}

Status Resolver::builtin_exit(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    if (flow_.maybe && flow_.sink != nullptr) {
        flow_.sink->known = false;
        flow_.sink->why = "output that may end early";
    }
    const auto& argv = invocation.argv;
    const bool ends = argv.size() == 1 || (argv.size() == 2 && !(argv[1].splits && !argv[1].value));
    if (ends && !state_.has_trap_history()) {
        set_alive(false);
    }
    return Status::Unknown;
}

Status Resolver::builtin_return(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    if (flow_.sink != nullptr) {
        flow_.sink->known = false;
        flow_.sink->why = "output of a function that returns early";
    }
    if (!calls_.empty()) {
        calls_.back().returned = true;
    }
    loop_left_ = true;
    return Status::Unknown;
}

Status Resolver::builtin_break(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    if (flow_.sink != nullptr) {
        flow_.sink->known = false;
        flow_.sink->why = "output of a loop that is left early";
    }
    loop_left_ = true;
    const bool plain = invocation.argv.size() == 1;
    if (!plain) {
        loop_left_far_ = true;  // an outer loop may be left as well
    }
    return Status::Unknown;
}

Status Resolver::builtin_command(Invocation& invocation) {
    const auto& argv = invocation.argv;
    std::size_t first = 1;
    bool asks = false;
    while (first < argv.size() && argv[first].value && argv[first].value->size() > 1 &&
           argv[first].value->starts_with("-")) {
        const std::string option = *argv[first].value;
        ++first;
        if (option == "--") {
            break;
        }
        asks = asks || option.find_first_of("vV") != std::string::npos;
    }
    if (first >= argv.size() || asks) {
        return builtin_plain(invocation);
    }
    Invocation inner = invocation;
    inner.argv.assign(argv.begin() + static_cast<std::ptrdiff_t>(first), argv.end());
    inner.skip_functions = true;
    inner.only_builtins = false;  // "builtin command x" starts x
    return dispatch(inner);
}

Status Resolver::builtin_builtin(Invocation& invocation) {
    Invocation inner = invocation;
    inner.argv.erase(inner.argv.begin());
    if (!inner.argv.empty() && inner.argv.front().value == std::string("--")) {
        inner.argv.erase(inner.argv.begin());
    }
    if (inner.argv.empty()) {
        return builtin_plain(invocation);
    }
    inner.skip_functions = true;
    inner.only_builtins = true;
    return dispatch(inner);
}

// bash -c expands aliases only after shopt -s expand_aliases, which makes the facts incomplete.
Status Resolver::builtin_alias(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    for (std::size_t i = 1; i < invocation.argv.size(); ++i) {
        const model::Word& word = invocation.argv[i];
        const std::size_t equals = word.value ? word.value->find('=') : std::string::npos;
        if (equals != std::string::npos) {
            facts_.aliases.push_back(
                {word.value->substr(0, equals), word.value->substr(equals + 1), word.span});
        }
        if (surroundings_.dialect == Dialect::Posix) {
            incomplete(word.span, "sh expands aliases in what follows");
        }
    }
    write_output(invocation, std::nullopt, "output of alias");
    return Status::Unknown;
}

Status Resolver::builtin_let(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    for (std::size_t i = 1; i < invocation.argv.size(); ++i) {
        const model::Word& word = invocation.argv[i];
        if (!word.value || word.glob) {
            incomplete(word.span, "arithmetic on a value that is not known");
            continue;
        }
        const ArithmeticResult result = evaluate_arithmetic(*word.value, *this);
        if (result.may_execute || result.invalid) {
            incomplete(word.span, "arithmetic on a value that is not known");
        }
    }
    return Status::Unknown;
}

Status Resolver::builtin_names_a_command(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    const std::string& name = *invocation.argv.front().value;
    bool plain = invocation.argv.size() == 1;
    if (!plain && (name == "hash" || name == "jobs")) {
        plain = true;
        for (std::size_t i = 1; i < invocation.argv.size(); ++i) {
            const auto& value = invocation.argv[i].value;
            const bool option = value && value->starts_with("-");
            plain = plain && value && !(option && value->find_first_of("px") != std::string::npos);
        }
    }
    if (!plain) {
        incomplete(invocation.span, name +
                                        " with arguments can run a command or change which "
                                        "program a name means");
    }
    write_output(invocation, std::nullopt, "output of the shell itself");
    return Status::Unknown;
}

Status Resolver::builtin_shift(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    Core core = state_.core();
    const auto count = invocation.argv.size() > 1 ? small_number(invocation.argv[1])
                                                  : std::optional<std::int64_t>(1);
    if (!count || !core.positional_known) {
        core.positional_known = false;
    } else if (*count >= 0 && static_cast<std::size_t>(*count) <= core.positional->size()) {
        core.positional =
            keep(std::vector<Value>(core.positional->begin() + static_cast<std::ptrdiff_t>(*count),
                                    core.positional->end()));
        spend(core.positional->size() / 16);
    }
    state_.set_core(core);
    return Status::Unknown;
}

}  // namespace countersign::shell
