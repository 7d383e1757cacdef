### Что журнал говорит о каждом событии licensed по `journalctl -x`: его название и что делать. Слово между знаками @
### — поле записи. Что значит код, говорит текст самого кода. Команда начинается с четырёх пробелов в кавычках: иначе
### Fluent их уберёт.

event-ready-subject = licensed отвечает
event-ready = Служба загрузила своё состояние и отвечает на сокете @SOCKET@. К серверу лицензий она обращается сама; делать ничего не нужно.
event-configured-subject = Конфигурация перечитана
event-configured = В сообщении указано, что изменилось. То, для чего нужен перезапуск, названо в соседних строках: systemctl restart licensed.
event-configuration-wrong-subject = Ошибка в конфигурации; действует прежняя
event-configuration-wrong =
    Ничего не изменено. Все ошибки в /etc/licensed/licensed.toml покажет команда

    {"    "}licensed --check-config

    Исправьте их и выполните: systemctl reload licensed.
event-bound-subject = Компьютер привязан, сервер лицензий отвечает
event-bound = Лицензии проверяются раз в несколько часов. Делать ничего не нужно.
event-unregistered-subject = У компьютера нет регистрационного номера (2009)
event-unregistered =
    { code-2009 } До тех пор платные модули не запускаются. Если сообщение об этом говорит, сначала укажите `server` в /etc/licensed/licensed.toml и положите корневой ключ сервера лицензий в /etc/licensed/trust.d. Затем выполните одну из команд:

    {"    "}licensectl register --company ИМЯ --email АДРЕС --contact ИМЯ
    {"    "}licensectl activate MIKO-...
event-lookup-failed-subject = Нет сети или DNS: имя сервера лицензий не найдено (1011)
event-lookup-failed =
    { code-1011 } Модули продолжают работать: последний ответ сервера лицензий действует, как правило, несколько недель; до какого дня, покажет `licensectl status`. Посмотрите также /etc/resolv.conf, затем выполните

    {"    "}getent hosts ИМЯ-СЕРВЕРА-ЛИЦЕНЗИЙ
    {"    "}licensectl ping

    За прокси имя разрешает прокси: укажите `proxy` в /etc/licensed/licensed.toml.
event-connection-failed-subject = Нет соединения с сервером лицензий: сеть, межсетевой экран или прокси (1012)
event-connection-failed =
    { code-1012 } Модули продолжают работать: последний ответ сервера лицензий действует, как правило, несколько недель; до какого дня, покажет `licensectl status`. Должны быть разрешены исходящие соединения с портом 443 сервера лицензий. Если в сети есть прокси, укажите его: `proxy` в /etc/licensed/licensed.toml. Затем выполните

    {"    "}systemctl reload licensed
    {"    "}licensectl ping
event-tls-failed-subject = Нет доверенного TLS-соединения с сервером лицензий: часы, сертификаты или прокси (1013)
event-tls-failed =
    { code-1013 } Модули продолжают работать: последний ответ сервера лицензий действует, как правило, несколько недель. Часы покажет `timedatectl`, сертификаты — это пакет ca-certificates, а удостоверяющий центр прокси, который вскрывает TLS, укажите как `ca_file` в /etc/licensed/licensed.toml. Затем выполните

    {"    "}systemctl reload licensed
    {"    "}licensectl ping
event-no-answer-subject = Сервер лицензий не даёт пригодного ответа (1014)
event-no-answer = { code-1014 } Соединение есть, но сервер занят или на обслуживании, либо за него отвечает кто-то по пути. Модули продолжают работать. Если так продолжается несколько дней, передайте сообщение поставщику.
event-lapsed-subject = Срок аренды истёк, а сервер лицензий не ответил
event-lapsed =
    Сервер лицензий был недоступен дольше, чем действует его последний ответ. Работающие модули могут работать ещё несколько дней, но заново не запустятся. Восстановите связь (причину назовёт `licensectl ping`) и выполните

    {"    "}licensectl recheck
event-host-changed-subject = Оборудование изменилось
event-host-changed =
    Машину перенесли, заменили плату, или это копия. Серверу лицензий сообщат при ближайшей проверке, решает он; до тех пор действует его последний ответ. Проверить сейчас:

    {"    "}licensectl recheck

    Что найдено об оборудовании, покажет `licensectl host`.
event-state-lost-subject = Сохранённое состояние потеряно; оно запрашивается у сервера лицензий
event-state-lost =
    Файлы в /var/lib/licensed не удалось использовать. Сервер лицензий узнаёт компьютер по ключу и со следующим ответом вернёт всё. Если он недоступен, работающие модули могут работать дальше. Проверьте диск и выполните

    {"    "}licensectl recheck
event-pending-subject = Компьютер ждёт решения: это копия другого или он слишком часто менялся (@LICENSE_CODE@)
event-pending =
    Замечены два компьютера с одним ключом, или оборудование менялось несколько раз за месяц. Оригинал продолжает работать. Какой из них верный, решает владелец номера в личном кабинете или сотрудник поставщика. Если это должен быть отдельный компьютер:

    {"    "}licensectl deprovision --yes
    {"    "}systemctl start licensed
    {"    "}licensectl activate MIKO-...
event-no-license-subject = Нет лицензии, или она привязана к другому компьютеру (2008)
event-no-license =
    { code-2008 } Когда привязка сброшена, выполните

    {"    "}licensectl recheck

    Если у вас есть купон, его активирует команда

    {"    "}licensectl coupon MIKOUPD-...
event-expired-subject = Срок действия лицензии истёк (2011)
event-expired =
    { code-2011 } Купон активирует команда

    {"    "}licensectl coupon MIKOUPD-...
event-email-taken-subject = На этот e-mail уже выдан номер для другой компании (2022)
event-email-taken =
    { code-2022 } Адрес отправителя письма начинается с lic@. Номер из письма активирует команда

    {"    "}licensectl activate MIKO-...
event-number-unknown-subject = Недействительный регистрационный номер (@LICENSE_CODE@)
event-number-unknown =
    2009: { code-2009 }

    2026: { code-2026 }

    Номер — это MIKO- и четыре группы по пять знаков; он есть в письме о регистрации и в личном кабинете. Затем выполните

    {"    "}licensectl activate MIKO-...
event-coupon-refused-subject = Купон нельзя использовать (@LICENSE_CODE@)
event-coupon-refused =
    2037: { code-2037 }

    2040: { code-2040 }

    2041: { code-2041 } Что он дал, видно в личном кабинете.

    2057: { code-2057 }
event-host-registered-subject = Этот компьютер уже регистрировали с другим e-mail или компанией (2051)
event-host-registered =
    { code-2051 } Адрес отправителя письма начинается с lic@. Номер из письма активирует команда

    {"    "}licensectl activate MIKO-...
event-refused-subject = Сервер лицензий отказал (@LICENSE_CODE@)
event-refused = Эта версия не знает такого кода. Слова сервера лицензий покажет `licensectl status`; обновление может знать больше.
event-lease-runs-out-subject = Последний ответ сервера лицензий скоро перестанет действовать
event-lease-runs-out =
    Сервер лицензий давно недоступен. Когда срок выйдет, модули не смогут запуститься заново, а через несколько дней остановятся. Восстановите связь (причину назовёт `licensectl ping`) и выполните

    {"    "}licensectl recheck
event-not-stored-subject = Состояние не удаётся записать
event-not-stored = Служба работает из памяти и повторяет запись каждую минуту. Перезапуск до успешной записи может потерять последние изменения. Проверьте диск: df -h /var/lib/licensed.
event-stored-again-subject = Состояние снова записывается
event-stored-again = Всё, что оставалось в памяти, записано на диск. Делать ничего не нужно.
event-clock-wrong-subject = Часы компьютера расходятся на @SKEW_SECONDS@ с
event-clock-wrong = Лицензии от них не зависят, но зависят TLS и журналы. Настройте часы: timedatectl set-ntp true.
event-not-permitted-subject = Пользователю с id @UID@ это не разрешено (@REQUEST@)
event-not-permitted =
    Изменения разрешены только root и членам группы licensed-admin. Если пользователю это нужно:

    {"    "}usermod -aG licensed,licensed-admin ИМЯ

    и перезапустите его программы. Если об этом никто не знает, выясните, что за процесс с id @PID@.
event-too-many-seats-subject = Пользователь с id @UID@ занял столько мест, сколько разрешено одному
event-too-many-seats = Модуль, который занимает места, должен их возвращать. Предел задаёт `limits.seats_per_uid` в /etc/licensed/licensed.toml.
event-new-host-key-subject = Ключ компьютера был повреждён, создан новый
event-new-host-key =
    Повреждённый файл отложен в /var/lib/licensed. С новым ключом номер нужно активировать снова; сервер лицензий узнает компьютер по оборудованию:

    {"    "}licensectl activate MIKO-...
event-state-damaged-subject = Файл состояния повреждён и отложен
event-state-damaged = Служба работает с предыдущим поколением или запрашивает состояние у сервера лицензий. Повреждённый файл сохранён в /var/lib/licensed. Проверьте диск.
event-feature-granted-subject = Функция @FEATURE_ID@ разрешена
event-feature-granted = Модули, которым она нужна, могут работать. Делать ничего не нужно.
event-feature-denied-subject = Функция @FEATURE_ID@ не разрешена (@LICENSE_CODE@)
event-feature-denied =
    Так ответил сервер лицензий. Модули, которым она нужна, отключаются. Что к этому привело, покажет

    {"    "}licensectl explain @FEATURE_ID@

    2008: { code-2008 }

    2011: { code-2011 }
event-feature-unknown-subject = Неизвестно, разрешена ли функция @FEATURE_ID@ (@LICENSE_CODE@)
event-feature-unknown =
    Сервер лицензий её не подтвердил. Работающие модули пока могут работать. Что к этому привело, покажет

    {"    "}licensectl explain @FEATURE_ID@
event-deprovisioned-subject = Компьютер удалён
event-deprovisioned = Ключ, номер и состояние удалены; следующий запуск создаст новый ключ. Если предупреждение говорит, что сервер лицензий об этом не знает, сбросьте привязку компьютера там.
