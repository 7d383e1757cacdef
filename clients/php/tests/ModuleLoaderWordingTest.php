<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use MikoPBX\Licensed\Code;
use ModuleLoader\Condition;
use ModuleLoader\Event;
use ModuleLoader\Language;
use ModuleLoader\Report;
use ModuleLoader\Trial;
use ModuleLoader\Wording;

/**
 * Users are told in their language which module it is, why, and what to do.
 */
final class ModuleLoaderWordingTest extends ModuleLoaderCase
{
    public function testAllLanguagesSayTheSame(): void
    {
        $blanks = static function (string $text): array {
            preg_match_all('/\{\w+\}/', $text, $found);
            sort($found[0]);
            return $found[0];
        };
        $english = array_map($blanks, Language::English->texts());
        foreach (Language::cases() as $language) {
            self::assertSame($english, array_map($blanks, $language->texts()), $language->value);
        }
    }

    public function testEveryEventNamesItsModuleInEveryLanguage(): void
    {
        foreach (Language::cases() as $language) {
            $wording = new Wording($language);
            foreach (Event::cases() as $event) {
                $trial = new Trial(false, 2011, 'It was used.', self::NOW);
                $text = $wording->report(new Report($event, 'ModuleAmoCrm', 81, 45, 2008, 'No.', $trial));
                self::assertStringNotContainsString('{', $text);
                self::assertStringContainsString(
                    str_starts_with($event->value, 'Base') ? 'MikoPBX' : 'ModuleAmoCrm',
                    $text,
                );
            }
            foreach (Condition::cases() as $condition) {
                self::assertArrayHasKey("condition.$condition->value", $language->texts());
            }
        }
    }

    public function testEveryCodeOfAVerdictHasATextInEveryLanguage(): void
    {
        $ofVerdicts = [
            Code::LookupFailed, Code::ConnectionFailed, Code::TlsFailed, Code::NoAnswer, Code::NoLicense,
            Code::KeyError, Code::Expired, Code::KeyUnknown,
        ];
        foreach (Language::cases() as $language) {
            foreach ($ofVerdicts as $code) {
                self::assertArrayHasKey("code.$code->value", $language->texts());
            }
        }
    }

    public function testALostLicenseIsToldInRussianWithModuleFeatureProductAndTheWayOut(): void
    {
        $report = new Report(Event::LostLicense, 'ModuleAmoCrm', 81, 45, 2008, 'In English.');
        self::assertSame(
            'Модуль ModuleAmoCrm выключен: его лицензия больше не действует. (2008) Функция 45, продукт 81: '
            . 'лицензии нет, или она привязана к другому компьютеру. Посмотрите в личном кабинете: если есть '
            . 'действующая лицензия, сбросьте её привязку в «Мониторе сессий»; если нет, запросите её.',
            (new Wording(Language::Russian))->report($report),
        );
    }

    public function testWhatHasNoTextIsShownAsItCame(): void
    {
        $words = '(2999) Ask the vendor.';
        foreach (Language::cases() as $language) {
            $wording = new Wording($language);
            self::assertStringContainsString(
                $words,
                $wording->report(new Report(Event::LostLicense, 'ModuleX', null, 45, 2999, $words)),
            );
            $trial = new Trial(false, null, 'It needs an administrator.', self::NOW);
            $installed = new Report(Event::Installed, 'ModuleX', 81, 45, trial: $trial);
            self::assertStringContainsString('It needs an administrator.', $wording->report($installed));
        }
    }

    public function testATextOfAModuleFillsNoBlank(): void
    {
        $report = new Report(Event::LostLicense, 'Module{reason}', 81, 45, 2999, '{module}');
        $text = (new Wording(Language::English))->report($report);
        self::assertSame(
            'Module Module{reason} was disabled: its license does not hold any more. {module}',
            $text,
        );
    }

    public function testTheListSaysWhatHoldsAndWhatCameOfTheTrial(): void
    {
        $wording = new Wording(Language::English);
        $refused = $this->refused()->updated(self::package(), new Trial(true, null, '', self::NOW), self::NOW);
        self::assertStringStartsWith('disabled by license since 20', $wording->condition($refused));
        self::assertStringStartsWith('(2008) Feature 45, product 81: there is no', $wording->remarks($refused));
        self::assertStringEndsWith(
            'The trial of product 81 is granted, or the registration number held the product before.',
            $wording->remarks($refused),
        );
        $byUser = $refused->wished(false, self::NOW);
        self::assertStringStartsWith('disabled since 20', $wording->condition($byUser));
        self::assertStringNotContainsString('2008', $wording->remarks($byUser));
    }
}
