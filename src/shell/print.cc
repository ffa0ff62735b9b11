// Canonical source of a tree: one statement a line, four blanks a level inside compound commands,
// words as they were written without their line continuations.
#include <vector>

#include "shell/shell.h"
#include "shell/token.h"
#include "shell/tree.h"

namespace countersign::shell {

namespace {

std::string_view operator_text(ParameterOperator op) {
    switch (op) {
        case ParameterOperator::Default:
            return "-";
        case ParameterOperator::AssignDefault:
            return "=";
        case ParameterOperator::Error:
            return "?";
        case ParameterOperator::Alternative:
            return "+";
        case ParameterOperator::CutPrefix:
            return "#";
        case ParameterOperator::CutLongPrefix:
            return "##";
        case ParameterOperator::CutSuffix:
            return "%";
        case ParameterOperator::CutLongSuffix:
            return "%%";
        case ParameterOperator::Slice:
            return ":";
        case ParameterOperator::ReplaceFirst:
            return "/";
        case ParameterOperator::ReplaceAll:
            return "//";
        case ParameterOperator::ReplacePrefix:
            return "/#";
        case ParameterOperator::ReplaceSuffix:
            return "/%";
        case ParameterOperator::UpperFirst:
            return "^";
        case ParameterOperator::UpperAll:
            return "^^";
        case ParameterOperator::LowerFirst:
            return ",";
        case ParameterOperator::LowerAll:
            return ",,";
        case ParameterOperator::ToggleFirst:
            return "~";
        case ParameterOperator::ToggleAll:
            return "~~";
        case ParameterOperator::Transform:
            return "@";
        default:
            return "";
    }
}

std::string_view redirect_text(RedirectKind kind) {
    constexpr std::string_view kTexts[] = {"<",  ">",   ">>",  ">|", "<>",  "<&",  ">&",
                                           "&>", "&>>", "<<<", "<<", "<<-", "<&-", ">&-"};
    return kTexts[static_cast<std::size_t>(kind)];
}

class Printer {
public:
    std::string take() { return std::move(out_); }

    void script(const Script* script) {
        if (script == nullptr) {
            return;
        }
        for (const Statement& statement : script->statements) {
            indent();
            this->statement(statement);
            end_line();
        }
    }

    void end_line() {
        out_ += '\n';
        const std::vector<const Redirect*> bodies = std::move(pending_);
        pending_.clear();
        for (const Redirect* redirect : bodies) {
            here_body(*redirect);
        }
    }

private:
    void indent() { out_.append(level_ * 4, ' '); }

    void here_body(const Redirect& redirect) {
        for (const Part& part : redirect.here->body.parts) {
            if (redirect.here->quoted) {
                out_ += part.text;
            } else {
                this->part(part);
            }
        }
        if (!out_.empty() && out_.back() != '\n') {
            out_ += '\n';
        }
        out_ += redirect.here->delimiter;
        out_ += '\n';
    }

    void statement(const Statement& statement) {
        for (const Link& link : statement.links) {
            if (link.connector != Connector::First) {
                out_ += link.connector == Connector::And ? " && " : " || ";
            }
            pipeline(link.pipeline);
        }
        if (statement.background) {
            out_ += " &";
        }
    }

    void pipeline(const Pipeline& pipeline) {
        for (const Prefix prefix : pipeline.prefixes) {
            out_ += prefix == Prefix::Not ? "! " : prefix == Prefix::Time ? "time " : "time -p ";
        }
        for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
            command(*pipeline.stages[i].command);
            if (i + 1 < pipeline.stages.size()) {
                out_ += pipeline.stages[i].pipe_errors ? " |& " : " | ";
            }
        }
    }

    void command(const Command& command) {
        const bool simple = std::holds_alternative<const Simple*>(command.form);
        if (simple) {
            this->simple(*std::get<const Simple*>(command.form), command.redirects);
            return;
        }
        std::visit([this](const auto* form) { print(*form); }, command.form);
        for (const Redirect& redirect : command.redirects) {
            out_ += ' ';
            this->redirect(redirect);
        }
    }

    /// Whether the first word would be read as something else at the start of a command.
    static bool needs_cover(const Word& word) {
        if (word.is_assignment()) {
            return true;
        }
        if (word.parts.empty() || word.parts[0].kind != PartKind::Literal) {
            return false;
        }
        const std::string_view text = word.parts[0].text;
        return reserved_word(text) != TokenKind::Word;
    }

    void simple(const Simple& simple, std::span<const Redirect> redirects) {
        const char* gap = "";
        const auto space = [&] {
            out_ += gap;
            gap = " ";
        };
        for (const Word& assignment : simple.assignments) {
            space();
            word(assignment);
        }
        const bool first = simple.assignments.empty() && !simple.words.empty() &&
                           needs_cover(simple.words.front());
        for (const Redirect& redirect : redirects) {
            if (first) {
                space();
                this->redirect(redirect);
            }
        }
        for (const Word& item : simple.words) {
            space();
            word(item);
        }
        for (const Redirect& redirect : redirects) {
            if (!first) {
                space();
                this->redirect(redirect);
            }
        }
    }

    void redirect(const Redirect& redirect) {
        if (!redirect.variable.empty()) {
            out_ += "{" + std::string(redirect.variable) + "}";
        } else if (redirect.descriptor >= 0) {
            out_ += std::to_string(redirect.descriptor);
        }
        if (redirect.here != nullptr) {
            out_ += "<<";
            if (redirect.kind == RedirectKind::HereDocumentTabs) {
                out_ += '-';
            }
            out_ += ' ';
            delimiter(*redirect.here);
            pending_.push_back(&redirect);
            return;
        }
        out_ += redirect_text(redirect.kind);
        if (redirect.kind == RedirectKind::CloseIn || redirect.kind == RedirectKind::CloseOut) {
            return;
        }
        if (redirect.kind != RedirectKind::DuplicateIn &&
            redirect.kind != RedirectKind::DuplicateOut) {
            out_ += ' ';
        }
        word(redirect.target);
    }

    /// The word as bash compares it: unquoted it is its own text.
    void delimiter(const HereDocument& here) {
        if (!here.quoted) {
            out_ += here.delimiter;
            return;
        }
        out_ += '\'';
        for (const char c : here.delimiter) {
            out_ += c == '\'' ? std::string("'\\''") : std::string(1, c);
        }
        out_ += '\'';
    }

    /// A list between two keywords, on lines of its own.
    void block(const Script* body) {
        end_line();
        ++level_;
        script(body);
        --level_;
        indent();
    }

    void print(const Simple&) {}
    void print(const Subshell& form) {
        out_ += '(';
        block(form.body);
        out_ += ')';
    }
    void print(const BraceGroup& form) {
        out_ += '{';
        block(form.body);
        out_ += '}';
    }
    void print(const If& form) {
        const char* keyword = "if";
        for (const IfClause& clause : form.clauses) {
            out_ += keyword;
            block(clause.condition);
            out_ += "then";
            block(clause.body);
            keyword = "elif";
        }
        if (form.otherwise != nullptr) {
            out_ += "else";
            block(form.otherwise);
        }
        out_ += "fi";
    }
    void print(const While& form) {
        out_ += form.until ? "until" : "while";
        block(form.condition);
        loop(form.body);
    }
    void loop(const Script* body) {
        out_ += "do";
        block(body);
        out_ += "done";
    }
    void print(const For& form) {
        out_ += form.select ? "select " : "for ";
        word(form.variable);
        if (form.has_in) {
            out_ += " in";
            for (const Word& item : form.items) {
                out_ += ' ';
                word(item);
            }
        }
        end_line();
        indent();
        loop(form.body);
    }
    void print(const ArithmeticFor& form) {
        out_ += "for ((";
        parts(form.initial.parts);
        out_ += ';';
        parts(form.condition.parts);
        out_ += ';';
        parts(form.step.parts);
        out_ += "))";
        end_line();
        indent();
        loop(form.body);
    }
    void print(const Case& form) {
        out_ += "case ";
        word(form.subject);
        out_ += " in";
        end_line();
        for (const CaseClause& clause : form.clauses) {
            indent();
            out_ += '(';
            for (std::size_t i = 0; i < clause.patterns.size(); ++i) {
                out_ += i == 0 ? "" : " | ";
                word(clause.patterns[i]);
            }
            out_ += ')';
            block(clause.body);
            out_ += clause.end == CaseEnd::Break         ? ";;"
                    : clause.end == CaseEnd::FallThrough ? ";&"
                                                         : ";;&";
            end_line();
        }
        indent();
        out_ += "esac";
    }
    void print(const ArithmeticCommand& form) {
        out_ += "((";
        parts(form.expression.parts);
        out_ += "))";
    }
    void print(const ConditionalCommand& form) {
        out_ += "[[ ";
        test(*form.test);
        out_ += " ]]";
    }
    void test(const Test& test) {
        switch (test.kind) {
            case TestKind::Word:
                word(test.left);
                return;
            case TestKind::Unary:
                out_ += std::string(test.op) + " ";
                word(test.left);
                return;
            case TestKind::Binary:
                word(test.left);
                out_ += " " + std::string(test.op) + " ";
                word(test.right);
                return;
            case TestKind::Not:
                out_ += "! ";
                this->test(*test.first);
                return;
            case TestKind::Parentheses:
                out_ += "( ";
                this->test(*test.first);
                out_ += " )";
                return;
            case TestKind::And:
            case TestKind::Or:
                this->test(*test.first);
                out_ += test.kind == TestKind::And ? " && " : " || ";
                this->test(*test.second);
                return;
        }
    }
    void print(const FunctionDefinition& form) {
        if (form.keyword) {
            out_ += "function ";
        }
        word(form.name);
        out_ += " ()";
        end_line();
        indent();
        command(*form.body);
    }
    void print(const Coprocess& form) {
        out_ += "coproc ";
        if (form.name) {
            word(*form.name);
            out_ += ' ';
        }
        command(*form.body);
    }

    void word(const Word& word) {
        if (word.assignment != nullptr) {
            const AssignmentForm& form = *word.assignment;
            out_ += form.name;
            subscript(form.subscript);
            out_ += form.append ? "+=" : "=";
            if (form.compound) {
                elements(form.elements);
            }
        }
        parts(word.parts);
    }

    void subscript(const Word* subscript) {
        if (subscript != nullptr) {
            out_ += '[';
            parts(subscript->parts);
            out_ += ']';
        }
    }

    void elements(std::span<const Element> elements) {
        out_ += '(';
        const char* gap = "";
        for (const Element& element : elements) {
            out_ += gap;
            gap = " ";
            subscript(element.subscript);
            if (element.subscript != nullptr) {
                out_ += element.append ? "+=" : "=";
            }
            word(element.value);
        }
        out_ += ')';
    }

    void parts(std::span<const Part> parts) {
        for (const Part& part : parts) {
            this->part(part);
        }
    }

    void enclosed(std::string_view open, const Part& part, std::string_view close) {
        out_ += open;
        parts(part.parts);
        out_ += close;
    }

    void part(const Part& part) {
        switch (part.kind) {
            case PartKind::Literal:
            case PartKind::Malformed:
                out_ += part.text;
                return;
            case PartKind::Escaped:
                out_ += '\\';
                out_ += part.text;
                return;
            case PartKind::SingleQuoted:
                out_ += "'" + std::string(part.text) + "'";
                return;
            case PartKind::AnsiQuoted:
                out_ += "$'" + std::string(part.text) + "'";
                return;
            case PartKind::Backquoted:
                out_ += "`" + std::string(part.text) + "`";
                return;
            case PartKind::DoubleQuoted:
                enclosed("\"", part, "\"");
                return;
            case PartKind::LocaleQuoted:
                enclosed("$\"", part, "\"");
                return;
            case PartKind::Arithmetic:
                if (part.text == "[") {
                    enclosed("$[", part, "]");
                } else {
                    enclosed("$((", part, "))");
                }
                return;
            case PartKind::Group:
                out_ += part.text;
                enclosed(part.text == "(" ? "" : "(", part, ")");
                return;
            case PartKind::Parameter:
                parameter(*part.parameter);
                return;
            case PartKind::Command:
                substitution("$(", part.script);
                return;
            case PartKind::ProcessIn:
                substitution("<(", part.script);
                return;
            case PartKind::ProcessOut:
                substitution(">(", part.script);
                return;
        }
    }

    void substitution(std::string_view open, const Script* script) {
        out_ += open;
        std::vector<const Redirect*> outer;
        std::swap(outer, pending_);
        const std::size_t level = std::exchange(level_, 0);
        const auto* statements = script == nullptr ? nullptr : &script->statements;
        for (std::size_t i = 0; statements != nullptr && i < statements->size(); ++i) {
            const std::size_t before = out_.size();
            statement((*statements)[i]);
            if (i == 0 && out_[before] == '(') {
                out_.insert(before, 1, ' ');  // "$((" would be arithmetic
            }
            if (i + 1 < statements->size() || !pending_.empty()) {
                end_line();
            }
        }
        level_ = level;
        std::swap(outer, pending_);
        out_ += ')';
    }

    void parameter(const Parameter& parameter) {
        out_ += '$';
        if (!parameter.braces) {
            out_ += parameter.name;
            return;
        }
        out_ += '{';
        out_ += parameter.length ? "#" : parameter.indirect ? "!" : "";
        out_ += parameter.name;
        subscript(parameter.subscript);
        if (parameter.op == ParameterOperator::NamesMatching) {
            out_ += parameter.colon ? '@' : '*';
        } else if (parameter.op != ParameterOperator::None) {
            out_ += parameter.colon ? ":" : "";
            out_ += operator_text(parameter.op);
            parts(parameter.first.parts);
        }
        if (parameter.has_second) {
            out_ += parameter.op == ParameterOperator::Slice ? ':' : '/';
            parts(parameter.second.parts);
        }
        out_ += '}';
    }

    std::string out_;
    std::size_t level_ = 0;
    std::vector<const Redirect*> pending_;
};

}  // namespace

std::string print_canonical(const SyntaxTree& tree) {
    Printer printer;
    printer.script(tree.root);
    return printer.take();
}

std::string print(const SyntaxTree& tree) {
    std::string printed = print_canonical(tree);
    const ParseOutcome again = parse(printed, tree.dialect);
    // Whoever reads it must see the command that was judged: as it was written, if need be.
    return again.ok() && trees_equal(tree, again.parsed->tree()) ? printed : tree.source;
}

}  // namespace countersign::shell
