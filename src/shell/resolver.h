// The abstract execution of a syntax tree: walks it as bash would run it, keeps what is known of
// variables, directory and functions in a State, and lists every simple command that could run.
//
// Rule: when what bash does next is not known, either all that it could do is listed, or the facts
// become incomplete with a reason. Work is bounded (kStepsMax); past it the facts are incomplete.
//
// One Resolver resolves one text; not thread safe.
#pragma once

#include <cstdint>
#include <forward_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/command.h"
#include "shell/arithmetic.h"
#include "shell/fields.h"
#include "shell/shell.h"
#include "shell/tree.h"
#include "shell/values.h"

namespace countersign::shell {

/// Marks, while a pipeline is being listed, a command whose output goes to a stage that is not
/// listed yet.
inline constexpr std::size_t kToPipe = static_cast<std::size_t>(-1);

/// The reason of a word that holds an expansion at which bash certainly stops with an error: the
/// command does not run, so the word leaves nothing open.
inline constexpr std::string_view kBadSubstitution = "bash refuses this expansion and stops";

/// Whether a command succeeds, as far as known.
enum class Status : std::uint8_t { Unknown, Success, Failure };

class Resolver final : private ArithmeticVariables {
public:
    Resolver(const Surroundings& surroundings, model::CommandFacts& facts);
    ~Resolver() override;

    void run(const SyntaxTree& tree);

private:
    /// Text that a command writes into a substitution, while it is known.
    struct Sink {
        bool known = true;
        std::string text;
        std::string why;
    };
    /// What holds for every command in a region of the text.
    struct Flow {
        bool conditional = false;
        bool looped = false;
        bool background = false;
        bool substitution = false;
        bool captured = false;
        bool maybe = false;  ///< may not run, seen from where the sink began
        bool to_pipe = false;
        bool own_shell = false;       ///< in a subshell: nothing it sets lasts
        bool errors_ignored = false;  ///< set -e does not count: a condition, or before && and ||
        const model::InputSource* input = nullptr;  ///< never nullptr; see InputScope
        Sink* sink = nullptr;
    };
    struct Local {
        std::string name;
        std::optional<Variable> outer;  ///< what the name meant before
        bool reached_through = false;   ///< unset or declare -g meant the outer one meanwhile
    };
    struct CallFrame {
        bool returned = false;
        std::vector<Local> locals;
    };
    /// A variable that an assignment before a builtin or function replaces while that runs.
    struct Replaced {
        std::string name;
        std::optional<Variable> before;
    };
    struct Trap {
        std::string text;
        Span span;
        bool anywhere = false;        ///< not only at the end
        std::size_t shell_depth = 0;  ///< of the shell that set it
    };
    /// The pieces of a simple command once its words are known.
    struct Invocation {
        std::vector<model::Word> argv;
        std::vector<model::Assignment> assignments;
        std::vector<model::Redirection> redirections;
        const Simple* simple = nullptr;
        std::span<const Word> words;
        Span span;
        bool skip_functions = false;  ///< behind `command` or `builtin`
        bool only_builtins = false;
        bool output_moved = false;  ///< standard output goes elsewhere
        model::InputSource input;

        [[nodiscard]] bool moves_input() const {
            for (const model::Redirection& redirection : redirections) {
                if (redirection.descriptor == 0) {
                    return true;
                }
            }
            return false;
        }
    };
    using Builtin = Status (Resolver::*)(Invocation&);
    struct BuiltinEntry {
        std::string_view name;
        Builtin run;
    };
    class FlowScope;
    class InputScope;

    // resolver.cc
    void incomplete(Span span, std::string why,
                    model::Unresolved::Kind kind = model::Unresolved::Kind::Execution);
    bool spend(std::size_t work);
    [[nodiscard]] bool exhausted() const { return exhausted_; }
    [[nodiscard]] bool alive() const { return state_.core().alive && !exhausted_; }
    void set_alive(bool alive);
    /// A list of arguments that Core may point to.
    const std::vector<Value>* keep(std::vector<Value> arguments) {
        return &argument_lists_.emplace_front(std::move(arguments));
    }
    Span place(Span span) const { return fixed_span_.value_or(span); }
    void finish_traps();
    /// Options that change parsing half-way make the facts incomplete.
    void check_options(const SyntaxTree& tree);
    /// Whether the text closes descriptors or limits their number.
    void check_descriptors(const SyntaxTree& tree);

    // resolve_lists.cc
    Status run_script(const Script* script);
    Status run_statement(const Statement& statement);
    Status run_links(const Statement& statement);
    Status run_pipeline(const Pipeline& pipeline);
    Status run_stages(const Pipeline& pipeline);
    Status run_command(const Command& command);
    Status run_form(const Command& command);
    Status run_subshell(const Script* body);
    Status run_condition(const Script* condition);
    Status run_if(const If& form);
    Status run_while(const While& form);
    Status run_for(const For& form);
    template <class SetItem>
    Status run_unrolled(const Script* body, const std::vector<model::Word>& items,
                        SetItem&& set_item);
    Status run_arithmetic_for(const ArithmeticFor& form);
    Status run_case(const Case& form);
    /// Whether a clause may, and certainly does, match.
    struct Match {
        bool possible = false;
        bool certain = false;
    };
    Match match_clause(const CaseClause& clause, const model::Word& subject);
    Status run_test(const Test& test);
    void leave_loop(bool outer_left);
    Status run_number_test(const Test& test);
    Status run_binary_test(const Test& test, const model::Word& left);
    Status run_arithmetic_command(const Word& expression);
    Status run_coprocess(const Coprocess& form);
    void define_function(const FunctionDefinition& form, Span span);
    template <class Body>
    void run_loop(Body&& body);
    void settle_directory(Status status);
    void settle_ignoring_errors(Status status);

    // resolve_commands.cc
    Status run_simple(const Simple& simple, std::span<const Redirect> redirects, Span span);
    Status run_assignments_only(const Simple& simple, std::span<const Redirect> redirects,
                                Invocation& invocation);
    Status dispatch(Invocation& invocation);
    Status call_function(const Function& function, Invocation& invocation);
    void run_body(const Function& function, const Invocation& invocation);
    Status run_builtin(const BuiltinEntry& builtin, Invocation& invocation);
    void expand_assignments(const Simple& simple, Invocation& invocation);
    void replace_variable(const model::Assignment& assignment, Span span);
    std::vector<Replaced> enter_assignments(const Invocation& invocation);
    enum class Outliving : std::uint8_t { Untouched, Nothing };
    void leave_assignments(const std::vector<Replaced>& replaced, State::Mark mark,
                           Outliving outliving);
    void put_back(const std::string& name, const std::optional<Variable>& before);
    /// Whether bash may fail to open one of these, and then not run the command at all.
    [[nodiscard]] bool may_fail(std::span<const model::Redirection> redirections) const;
    [[nodiscard]] const model::InputSource& input_here() const;
    void distrust_output(const model::Redirection& redirection);
    Status run_external(Invocation& invocation);
    std::size_t emit(const Invocation& invocation, model::ResolvedCommand::Target target);
    /// The same, and takes the words; the invocation's flags and spans stay.
    std::size_t emit(Invocation&& invocation, model::ResolvedCommand::Target target);
    void add_environment(model::ResolvedCommand& command);
    void apply_assignment(const Word& word, std::vector<model::Assignment>* listed);
    void assign(const std::string& name, Value value, bool append, Span span);
    void assign_array(const AssignmentForm& form, Span span);
    void assign_element(const AssignmentForm& form, const Value& value, Span span);
    std::vector<model::Redirection> expand_redirects(std::span<const Redirect> redirects,
                                                     model::InputSource* input, bool* output_moved);
    model::Redirection expand_redirect(const Redirect& redirect);
    void write_output(const Invocation& invocation, const std::optional<std::string>& text,
                      std::string_view why);
    void note_special_variable(const std::string& name, const Value& value, Span span);

    // resolve_builtins.cc, resolve_state_builtins.cc, resolve_declarations.cc
    static const BuiltinEntry* find_builtin(std::string_view name);
    [[nodiscard]] bool is_builtin(std::string_view name) const;
    Status builtin_plain(Invocation& invocation);
    Status builtin_true(Invocation& invocation);
    Status builtin_false(Invocation& invocation);
    Status builtin_echo(Invocation& invocation);
    Status builtin_printf(Invocation& invocation);
    Status builtin_test(Invocation& invocation);
    Status builtin_cd(Invocation& invocation);
    Status builtin_pushd(Invocation& invocation);
    Status builtin_pwd(Invocation& invocation);
    Status builtin_declare(Invocation& invocation);
    /// What a declaration says of each of its names.
    struct Declaration {
        std::string flags;         ///< option letters
        bool in_function = false;  ///< local, inside a call
        bool local = false;
        bool exports = false;  ///< the command is export
    };
    struct ValuePlace {
        std::size_t equals = 0;  ///< where the "=" stands
        bool append = false;
    };
    void assign_declared(const model::Word& word, const std::string& name, const ValuePlace& at,
                         const std::vector<const Word*>& compound);
    [[nodiscard]] const Local* local_named(const std::string& name) const;
    void declare_one(const model::Word& word, const Declaration& how,
                     const std::vector<const Word*>& compound);
    Status builtin_unset(Invocation& invocation);
    void unset_variable(const std::string& name);
    Status builtin_read(Invocation& invocation);
    struct ReadOptions {
        std::string letters;
        std::optional<std::string> array;
        std::size_t names_begin = 1;
    };
    static std::optional<ReadOptions> read_options(const std::vector<model::Word>& argv);
    [[nodiscard]] std::optional<std::string> line_of_own_text(const Invocation& invocation) const;
    Status builtin_mapfile(Invocation& invocation);
    void set_option(Core& core, char letter, bool on, Span span);
    Status builtin_set(Invocation& invocation);
    Status builtin_shift(Invocation& invocation);
    Status builtin_shopt(Invocation& invocation);
    Status builtin_eval(Invocation& invocation);
    Status builtin_source(Invocation& invocation);
    Status builtin_trap(Invocation& invocation);
    Status builtin_exec(Invocation& invocation);
    Status builtin_exit(Invocation& invocation);
    Status builtin_return(Invocation& invocation);
    Status builtin_break(Invocation& invocation);
    Status builtin_command(Invocation& invocation);
    Status builtin_builtin(Invocation& invocation);
    Status builtin_alias(Invocation& invocation);
    Status builtin_let(Invocation& invocation);
    Status builtin_getopts(Invocation& invocation);
    Status builtin_names_a_command(Invocation& invocation);
    Status builtin_wait(Invocation& invocation);
    void make_local(const std::string& name);
    bool reach_through(const std::string& name);
    void change_directory(const model::Word& target, Span span);
    Status run_text(const std::string& text, Span span, std::string_view what);
    std::string declared_flags(const Invocation& invocation, std::size_t& first);

    // resolve_words.cc
    /// Where words stand: arguments; arguments of a declaration; elements of name=(...);
    /// arguments made by braces.
    enum class Declaring : std::uint8_t { No, Yes, Elements, Braced };
    std::vector<model::Word> expand_words(std::span<const Word> words,
                                          Declaring declaring = Declaring::No);
    void expand_word_into(const Word& word, Declaring declaring, std::vector<model::Word>& out);
    model::Word expand_single(const Word& word, bool tilde_everywhere = false);
    std::string expand_pattern(const Word& word, std::optional<std::string>& unknown);
    void expand_parts(std::span<const Part> parts, FieldBuilder& builder, Quoting quoting);
    void expand_part(const Part& part, FieldBuilder& builder, Quoting quoting);
    void run_process_substitution(const Part& part);
    void expand_group(const Part& part, FieldBuilder& builder, Quoting quoting);
    void expand_double_quotes(const Part& part, FieldBuilder& builder);
    std::string_view expand_tilde(std::string_view text, FieldBuilder& builder, bool whole_part);
    void expand_literal_with_tildes(const Word& word, const Part& part, bool first, bool only,
                                    bool assignment, FieldBuilder& builder);
    FieldBuilder make_builder(Splitting splitting);
    Value substitute(const Part& part);
    Value substitute_script(const Script* script, bool process);
    Value arithmetic_value(std::span<const Part> parts, Span span);
    static Value to_value(const model::Word& word);
    static model::Word to_word(const Value& value, Span span);

    // resolve_parameters.cc
    struct Expansion {
        std::vector<Value> values;
        bool list = false;  ///< "$@" or "${a[@]}": separate words when quoted
        bool star = false;  ///< "$*" or "${a[*]}"
        bool known = true;  ///< the number of values is known
        std::string why;
    };
    void expand_parameter(const Part& part, FieldBuilder& builder, Quoting quoting);
    void insert(const Expansion& expansion, FieldBuilder& builder, Quoting quoting);
    Expansion lookup(const Parameter& parameter);
    Expansion lookup_array(const Parameter& parameter, const Variable* variable);
    Expansion positional_list(bool star);
    Value special_parameter(char c);
    Value variable_value(const std::string& name);
    [[nodiscard]] Value initial_value(const std::string& name) const;
    void insert_default(const Parameter& parameter, FieldBuilder& builder, Quoting quoting);
    void apply_open_default(const Parameter& parameter, Expansion& expansion, Quoting quoting);
    bool apply_default(const Parameter& parameter, Expansion& expansion, FieldBuilder& builder,
                       Quoting quoting, Span span);
    void apply_operator(const Parameter& parameter, Expansion& expansion, Span span);
    Value apply_to_value(const Parameter& parameter, const Value& value, const std::string& pattern,
                         const std::string& replacement);
    void apply_slice(const Parameter& parameter, Expansion& expansion);
    std::optional<std::int64_t> arithmetic_word(const Word& word);
    Value join_star(const Expansion& expansion);

    // ArithmeticVariables
    std::optional<std::string> read(const std::string& name) override;
    bool is_number(const std::string& name) override;
    void write(const std::string& name, std::optional<std::int64_t> value) override;

    const Surroundings& surroundings_;
    model::CommandFacts& facts_;
    State state_;
    Flow flow_;
    std::optional<Span> fixed_span_;
    std::vector<CallFrame> calls_;
    std::vector<std::string> call_names_;
    std::vector<Trap> traps_;  ///< of all the shells that are being followed, the outermost first
    /// Trees of evaluated texts, kept since functions point into them.
    std::vector<Parsed> texts_;
    Arena arena_;
    /// What Core points to.
    std::forward_list<std::vector<Value>> argument_lists_;
    std::forward_list<model::InputSource> moved_inputs_;
    model::InputSource inherited_input_;
    Variable home_;
    Variable separators_;
    std::forward_list<Variable> given_;
    std::string_view source_;
    std::size_t eval_depth_ = 0;
    std::size_t loop_depth_ = 0;
    std::size_t steps_ = 0;
    bool exhausted_ = false;
    bool loop_left_ = false;
    bool loop_left_far_ = false;      ///< by break or continue with a number
    bool substituted_ = false;        ///< a substitution ran since this was cleared
    bool unknown_code_ran_ = false;   ///< in this shell: it may have set any variable
    bool extended_globs_ = false;     ///< shopt -s extglob may have been executed
    bool descriptors_moved_ = false;  ///< even 2>&1 and >/dev/null may fail
};

}  // namespace countersign::shell
