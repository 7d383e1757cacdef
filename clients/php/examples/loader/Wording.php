<?php

declare(strict_types=1);

namespace ModuleLoader;

/**
 * Makes sentences of facts, in the language of the user. Each names the module, and the feature and the
 * product that it is about.
 */
final readonly class Wording
{
    /** @var array<string, string> */
    private array $texts;

    public function __construct(Language $language)
    {
        $this->texts = $language->texts();
    }

    /**
     * What became of a module.
     */
    public function report(Report $report): string
    {
        return trim(strtr($this->texts[$report->event->value], [
            '{module}' => $report->module,
            '{reason}' => $this->reason($report->code, $report->message, $report->feature, $report->product),
            '{trial}' => $this->trial($report->trial, $report->product),
        ]));
    }

    /**
     * What an installed module is in, in a few words: "disabled by license since 2026-11-24 12:00".
     */
    public function condition(Module $module): string
    {
        $since = strtr($this->texts['since'], ['{time}' => date('Y-m-d H:i', $module->since)]);
        return $this->texts["condition.{$module->condition()->value}"] . " $since";
    }

    /**
     * Why an installed module may not run, and what came of its trial. Empty if there is nothing to say.
     */
    public function remarks(Module $module): string
    {
        $refusal = $module->reason();
        $reason = $refusal === null
            ? ''
            : $this->reason($refusal->code, $refusal->message, $module->feature, $module->product);
        return trim("$reason {$this->trial($module->trial, $module->product)}");
    }

    private function trial(?Trial $trial, ?int $product): string
    {
        if ($trial === null) {
            return '';
        }
        $outcome = match (true) {
            $trial->granted => 'trial.granted',
            $trial->isAnswered => 'trial.refused',
            default => 'trial.unasked',
        };
        return strtr($this->texts[$outcome], [
            '{product}' => (string) $product,
            '{reason}' => $this->texts["trial.$trial->code"] ?? $this->texts["code.$trial->code"] ?? $trial->message,
        ]);
    }

    /** "(2008) Feature 45, product 81: …" where the code has a text of its own, else what the daemon said. */
    private function reason(?int $code, ?string $message, ?int $feature, ?int $product): string
    {
        $meaning = $this->texts["code.$code"] ?? null;
        if ($meaning === null) {
            return (string) $message;
        }
        $subject = match (true) {
            $feature === null => 'subject.product',
            $product === null => 'subject.feature',
            default => 'subject.both',
        };
        $blanks = ['{feature}' => (string) $feature, '{product}' => (string) $product];
        return "($code) " . strtr($this->texts[$subject], $blanks) . $meaning;
    }
}
