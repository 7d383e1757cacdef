### Что говорит сама `licensectl` вокруг ответов службы.

tool-help = Показать эту справку или справку по команде
tool-usage = Использование:
tool-commands = Команды
tool-arguments = Аргументы
tool-options = Параметры
tool-short-help =
    Лицензии этого компьютера с MikoPBX. Самое нужное:

      licensectl status      как обстоят дела с лицензией
      licensectl register    получить регистрационный номер для компании
      licensectl activate    привязать компьютер к имеющемуся номеру
      licensectl coupon      активировать купон
      licensectl doctor      выяснить, что не так

    Все команды: licensectl --help

tool-time-now = сейчас
tool-time-in = через { $span }
tool-time-ago = { $span } назад
tool-milliseconds = { $count } мс
tool-time-seconds = { $count } с
tool-time-minutes = { $count } мин
tool-time-hours = { $count } ч
tool-time-days =
    { $count ->
        [one] { $count } день
        [few] { $count } дня
       *[other] { $count } дней
    }

tool-warning = Внимание:
tool-next = Дальше:
tool-way-out = Что делать:
tool-state-unregistered = номера ещё нет
tool-state-fresh = связь есть
tool-state-offline = сервер лицензий недоступен
tool-state-lapsed = срок действия истёк
tool-state-refused = отказано
tool-state-recovering = восстановление
tool-state-registering = регистрация
tool-state-host-changed = другое оборудование
tool-state-pending = ждёт решения человека
tool-state-draining = останавливается
tool-short-granted = разрешено
tool-short-offline = разрешено, без связи
tool-short-denied = отказано
tool-short-may-run = неизвестно, может продолжать работу
tool-short-may-not-run = неизвестно, работать не может
tool-granted = разрешено, действует до { $until }
tool-granted-offline = разрешено, действует до { $until }, без связи с { $since }
tool-unknown-may-run = неизвестно с { $since }; то, что работает, может продолжать
tool-unknown-may-not-run = неизвестно с { $since }; работать не может
tool-feature = Функция { $feature }
tool-feature-of-product = Функция { $feature } (продукт { $product })
tool-seats = всего { $total }, занято { $captured }
tool-session = Сеанс: { $session }
tool-product = Продукт { $product } { $name }
tool-trial = пробная
tool-for-ever = бессрочно
tool-expires = истекает { $at }
tool-expired = срок истёк { $at }
tool-as-of = по состоянию на { $at }
tool-registered = Регистрационный номер: { $number }
tool-registered-keep = Этот компьютер привязан к нему. Сохраните номер: в нём все лицензии компании.
tool-last-refusal = Отказано: `licensectl { $command }`, { $at }:
tool-missed = Часть изменений пропущена; здесь всё целиком.
tool-answers = { $server } отвечает
tool-host = Компьютер { $key }
tool-not-used = не используется: { $why }
tool-sent-as = передаётся как { $digest }
tool-unused-missing = отсутствует
tool-unused-not-permitted = нет прав на чтение
tool-unused-unreadable = не читается
tool-unused-placeholder = заглушка изготовителя
tool-unused-container = относится к машине, на которой работает контейнер
tool-unused-configured = вместо этого действует заданный идентификатор
tool-source-host = этот компьютер
tool-source-statement = сервер лицензий
tool-source-daemon = licensed
tool-source-network = сеть
tool-server-direct = напрямую
tool-server-proxy = через { $proxy }
tool-server-proxy-from = через { $proxy } ({ $from })
tool-root-keys =
    { $count ->
        [0] (корневых ключей нет)
        [one] ({ $count } корневой ключ)
        [few] ({ $count } корневых ключа)
       *[other] ({ $count } корневых ключей)
    }

tool-label-asked = запрос
tool-label-bound-since = привязан с
tool-label-ca-file = файл УЦ
tool-label-company = компания
tool-label-contact = контакт
tool-label-email = почта
tool-label-file = файл
tool-label-last-answer = последний ответ
tool-label-last-failure = последний сбой
tool-label-lease = действует до
tool-label-next-check = следующая проверка
tool-label-number = номер
tool-label-phone = телефон
tool-label-seats = места
tool-label-serial = номер ответа
tool-label-server = сервер лицензий
tool-label-session = сеанс
tool-label-stage = этап
tool-label-state-dir = состояние
tool-label-tax-id = ИНН
tool-label-took = заняло
tool-label-trust = корневые ключи

tool-module-free = бесплатный, лицензия не нужна
tool-module-unreadable = не читается: { $why }
tool-module-no-object = это не объект JSON
tool-module-no-number = в поле { $field } не число
tool-modules-none = в папках { $folder } нет ни одного module.json

tool-ask-number = Регистрационный номер (MIKO-…):
tool-ask-coupon = Купон (MIKOUPD-…):
tool-ask-field = { $label }:
tool-ask-optional = { $label } (Enter, если нет):
tool-ask-send = Отправить это серверу лицензий?
tool-ask-reset = Забыть регистрационный номер на этом компьютере и освободить его места?
tool-ask-deprovision = Забыть номер, ключ и состояние этого компьютера и остановить службу?
tool-ask-yes-no = { $question } [д/Н]
tool-wrong-empty = это обязательно
tool-wrong-long = не длиннее { $most } знаков
tool-wrong-email = это не адрес электронной почты
tool-waiting = Ожидание сервера лицензий…

tool-no-number = это не регистрационный номер: он должен соответствовать { $pattern }
tool-no-coupon = это не купон: он должен соответствовать { $pattern }
tool-no-terminal = спросить негде, терминала нет: укажите { $flags }
tool-not-confirmed = не подтверждено; ничего не изменено
tool-no-registration = на стандартном вводе не регистрация: { $why }
tool-wrong-field = { $flag }: { $why }
tool-cannot-read = не удалось прочитать стандартный ввод: { $why }
tool-cannot-write = не удалось записать ответ на стандартный вывод: { $why }
tool-holder-for-one = --holder действует для одной функции: выполните `licensectl check ФУНКЦИЯ --holder ИМЯ` для каждой
tool-not-understood = командная строка не понята; подробности на стандартном выводе ошибок

## The support archive.

bundle-made = Архив для поддержки: { $path }. Читать его может только владелец. В нём:
bundle-bytes = { $bytes } байт
bundle-bytes-of-more = { $bytes } байт, было больше
bundle-left-out = Не вошло:
bundle-hidden = { $count ->
        [0] Скрывать было нечего.
        [one] Скрыт { $count } секрет: номера, купоны, пароли, адреса почты и тому подобное.
        [few] Скрыто { $count } секрета: номера, купоны, пароли, адреса почты и тому подобное.
       *[other] Скрыто { $count } секретов: номера, купоны, пароли, адреса почты и тому подобное.
    }
bundle-look = Просмотрите архив, прежде чем отправить.
bundle-never = содержимое никогда не покидает этот компьютер
bundle-exists = { $path } уже есть: удалите его или укажите другой файл в --output
bundle-no-write = не удаётся записать { $path }: { $why }; укажите другой файл в --output
bundle-link = { $path } ведёт через ссылку, которую мог создать кто-то другой; по ней не переходим
bundle-no-file = { $path } — не обычный файл
bundle-not-there = { $path } не существует
bundle-not-permitted = у этого пользователя нет доступа к { $path }: запустите команду от root
bundle-unreadable = не удаётся прочитать { $path }: { $why }
bundle-empty = { $path } пуст
bundle-no-program = программа { $program } не установлена
bundle-no-run = не удаётся запустить { $program }: { $why }
bundle-nothing = { $program } ничего не сообщает
bundle-silent = { $program } ничего не сообщает: { $why }
bundle-late = { $program } ничего не сообщает за { $seconds ->
        [one] { $seconds } секунду
        [few] { $seconds } секунды
       *[other] { $seconds } секунд
    }
bundle-too-late = не получено за { $seconds ->
        [one] { $seconds } секунду
        [few] { $seconds } секунды
       *[other] { $seconds } секунд
    }
