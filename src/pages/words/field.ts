/** Words for what is told by key in answers: how bad, what is wrong, whose it is. A row a key: English, Polish, Russian. */
type Row = readonly [en: string, pl: string, ru: string]
type Rows = Readonly<Record<string, Row>>

/** Of truth tables, and of the systems that raise alerts. */
const SEVERITIES: Rows = {
  'sale-blocked': ['no sale possible', 'nie da się sprzedawać', 'продавать нельзя'],
  'work-blocked': ['no work possible', 'nie da się pracować', 'работать нельзя'],
  'sale-at-risk': ['sale at risk', 'sprzedaż zagrożona', 'продажи под угрозой'],
  attention: ['needs attention', 'wymaga uwagi', 'требует внимания'],
  planned: ['planned', 'planowe', 'плановое'],
  unknown: ['unknown', 'nie wiadomo', 'неизвестно'],
  none: ['no harm', 'bez szkody', 'без последствий'],
  disaster: ['disaster', 'katastrofa', 'катастрофа'],
  critical: ['critical', 'krytyczna', 'критическая'],
  error: ['error', 'błąd', 'ошибка'],
  high: ['high', 'wysoka', 'высокая'],
  average: ['average', 'średnia', 'средняя'],
  warning: ['warning', 'ostrzeżenie', 'предупреждение'],
  low: ['low', 'niska', 'низкая'],
  info: ['information', 'informacja', 'информация'],
  information: ['information', 'informacja', 'информация'],
  'not classified': ['not classified', 'nieokreślona', 'не указана'],
}

/** Of findings, of printers and of the runbooks that come along. */
const FAULTS: Rows = {
  drift: ['not as it should be', 'odbiega od wzorca', 'отличается от образца'],
  'check-unmet': ['a check does not hold', 'sprawdzenie nie wyszło', 'проверка не пройдена'],
  unknown: ['unknown', 'nie wiadomo', 'неизвестно'],
  failed: ['it failed', 'nie udało się', 'не удалось'],
  unreachable: ['cannot be reached', 'nieosiągalne', 'недоступно'],
  indeterminate: ['in doubt', 'niepewne', 'под вопросом'],
  deferred: ['put off', 'odłożone', 'отложено'],
  silent: ['says nothing', 'milczy', 'молчит'],
  storm: ['a storm of alerts', 'lawina alarmów', 'лавина тревог'],
  'revision-refused': ['a revision was refused', 'odrzucono wersję repozytorium', 'версия репозитория отклонена'],
  'not-known': ['not known', 'nie wiadomo', 'неизвестно'],
  'link-down': ['line down', 'łącze nie działa', 'нет связи'],
  'printer-down': ['printer down', 'drukarka nie działa', 'принтер не работает'],
  'silent-printer': ['printer silent', 'drukarka milczy', 'принтер молчит'],
  'other-printer': ['another printer', 'inna drukarka', 'другой принтер'],
  'printer-blocked': ['printer blocked', 'drukarka zablokowana', 'принтер заблокирован'],
  'printer-unreachable': ['printer cannot be reached', 'drukarka nieosiągalna', 'принтер недоступен'],
  'monitoring-defect': ['monitoring does not work', 'monitoring nie działa', 'мониторинг не работает'],
  'attention-soon': ['needs attention soon', 'wkrótce wymaga uwagi', 'скоро потребует внимания'],
  'sale-blocked': ['no sale possible', 'nie da się sprzedawać', 'продавать нельзя'],
  'known-outage': ['known outage', 'znana awaria', 'известный сбой'],
  'line-to-back-office': ['no way to the back office', 'brak łączności z centralą', 'нет связи с офисом'],
  'exporter-stopped': ['the export stopped', 'eksport stoi', 'выгрузка остановилась'],
  'exporter-misconfigured': ['the export is set up wrong', 'eksport źle ustawiony', 'выгрузка настроена неверно'],
  'receipts-not-sent': ['receipts are not sent', 'paragony nie są wysyłane', 'чеки не отправляются'],
  'receipts-came-late': ['receipts came late', 'paragony przyszły późno', 'чеки пришли поздно'],
  'no-receipts-at-till': ['no receipts at the till', 'brak paragonów na kasie', 'на кассе нет чеков'],
  'never-sold': ['has never sold', 'nigdy nie sprzedawała', 'ещё ничего не продала'],
  'fewer-receipts-than-usual': ['fewer receipts than usual', 'mniej paragonów niż zwykle', 'чеков меньше обычного'],
  'fewer-sales': ['fewer sales than usual', 'mniej sprzedaży niż zwykle', 'продаж меньше обычного'],
  'no-sales': ['no sales', 'brak sprzedaży', 'нет продаж'],
  'application-stopped': ['the application stopped', 'aplikacja stoi', 'приложение остановилось'],
  'errors-in-log': ['errors in the log', 'błędy w dzienniku', 'ошибки в журнале'],
  'disk-full': ['disk full', 'dysk pełny', 'диск заполнен'],
  'monitoring-blind': ['monitoring sees nothing', 'monitoring nic nie widzi', 'мониторинг ничего не видит'],
  'agent-old': ['agent too old', 'agent zbyt stary', 'агент устарел'],
  acceptor: ['coins or notes not taken', 'nie przyjmuje monet lub banknotów', 'не принимает монеты или купюры'],
  'card-silent': ['card reader silent', 'czytnik kart milczy', 'считыватель карт молчит'],
  'column-jammed': ['a column is jammed', 'zacięta kolumna', 'застряла спираль'],
  'columns-low': ['columns run low', 'kończy się towar', 'товар заканчивается'],
  'columns-out': ['columns are empty', 'brak towaru', 'товар закончился'],
  'door-opened': ['door opened', 'otwarto drzwi', 'открыта дверь'],
  'paid-not-dispensed': ['paid, not dispensed', 'zapłacono, nie wydano', 'оплачено, не выдано'],
  'power-lost': ['power lost', 'zanik zasilania', 'пропало питание'],
  'too-warm': ['too warm', 'za ciepło', 'слишком тепло'],
  'temperature-unit': ['unit of temperature unclear', 'niejasna jednostka temperatury', 'неясна единица температуры'],
  'paper-out': ['no paper', 'brak papieru', 'нет бумаги'],
  'cover-open': ['cover open', 'otwarta pokrywa', 'открыта крышка'],
  'ribbon-out': ['no ribbon', 'brak taśmy', 'нет ленты'],
  'head-open': ['head open', 'otwarta głowica', 'открыта головка'],
  'paper-jam': ['paper jam', 'zacięcie papieru', 'замятие бумаги'],
  'cutter-error': ['cutter error', 'błąd obcinacza', 'ошибка отрезчика'],
  'mechanism-error': ['mechanism error', 'błąd mechanizmu', 'ошибка механизма'],
  overheated: ['overheated', 'przegrzanie', 'перегрев'],
  'power-fault': ['power fault', 'błąd zasilania', 'сбой питания'],
  'unrecoverable-error': ['error that does not pass', 'błąd nieusuwalny', 'неустранимая ошибка'],
  offline: ['offline', 'bez połączenia', 'не на связи'],
  paused: ['paused', 'wstrzymane', 'приостановлено'],
  'toner-empty': ['no toner', 'brak tonera', 'нет тонера'],
  'tray-missing': ['tray missing', 'brak podajnika', 'нет лотка'],
  'output-full': ['output full', 'pełny odbiornik', 'выходной лоток полон'],
  'waste-full': ['waste full', 'pełny pojemnik na odpady', 'отработка заполнена'],
  'waiting-for-user': ['waits for somebody', 'czeka na człowieka', 'ждёт человека'],
  'menu-open': ['menu open', 'otwarte menu', 'открыто меню'],
  'fiscal-memory-full': ['fiscal memory full', 'pamięć fiskalna pełna', 'фискальная память заполнена'],
  'protected-memory-full': ['protected memory full', 'pamięć chroniona pełna', 'защищённая память заполнена'],
  'certificate-expired': ['certificate expired', 'certyfikat wygasł', 'сертификат истёк'],
  'licence-expired': ['licence expired', 'licencja wygasła', 'лицензия истекла'],
  'keys-missing': ['keys missing', 'brak kluczy', 'нет ключей'],
  'day-not-closed': ['day not closed', 'doba niezamknięta', 'смена не закрыта'],
  'clock-wrong': ['clock wrong', 'zły zegar', 'неверные часы'],
  'not-fiscal': ['not fiscal', 'nieufiskalnione', 'не фискализировано'],
  'storage-locked': ['storage locked', 'pamięć zablokowana', 'накопитель заблокирован'],
  'device-blocked': ['device blocked', 'urządzenie zablokowane', 'устройство заблокировано'],
  'paper-low': ['paper low', 'kończy się papier', 'бумага заканчивается'],
  'toner-low': ['toner low', 'kończy się toner', 'тонер заканчивается'],
  'supply-low': ['supply low', 'kończy się materiał', 'материал заканчивается'],
  'output-nearly-full': ['output nearly full', 'odbiornik prawie pełny', 'выходной лоток почти полон'],
  'certificate-expiring': ['certificate expires soon', 'certyfikat wkrótce wygaśnie', 'сертификат скоро истечёт'],
  'licence-expiring': ['licence expires soon', 'licencja wkrótce wygaśnie', 'лицензия скоро истечёт'],
  'storage-expiring': ['storage expires soon', 'pamięć wkrótce wygaśnie', 'накопитель скоро истечёт'],
  'fiscal-memory-low': ['fiscal memory nearly full', 'pamięć fiskalna prawie pełna', 'фискальная память почти полна'],
  'protected-memory-low': [
    'protected memory nearly full',
    'pamięć chroniona prawie pełna',
    'защищённая память почти полна',
  ],
  'documents-unsent': ['documents not sent', 'niewysłane dokumenty', 'неотправленные документы'],
  'transmission-failing': ['transmission fails', 'wysyłka się nie udaje', 'передача не удаётся'],
  'inspection-due': ['inspection due', 'czas na przegląd', 'пора на осмотр'],
  'report-missing': ['report missing', 'brak raportu', 'нет отчёта'],
  'clock-skewed': ['clock off', 'zegar się śpieszy lub spóźnia', 'часы спешат или отстают'],
  'service-requested': ['asks for service', 'prosi o serwis', 'просит обслуживания'],
  'ram-reset': ['memory was reset', 'zerowanie pamięci', 'сброс памяти'],
  'power-failed-recently': ['power failed lately', 'niedawny zanik zasilania', 'недавно пропадало питание'],
  'queue-stuck': ['queue stuck', 'kolejka stoi', 'очередь стоит'],
  'other-error': ['another error', 'inny błąd', 'другая ошибка'],
  'other-warning': ['another warning', 'inne ostrzeżenie', 'другое предупреждение'],
}

/** Who is to act. */
const OWNERS: Rows = {
  store: ['the store', 'sklep', 'магазин'],
  network: ['network', 'sieć', 'сеть'],
  monitoring: ['monitoring', 'monitoring', 'мониторинг'],
  'till-support': ['till support', 'wsparcie kas', 'поддержка касс'],
  'printer-service': ['printer service', 'serwis drukarek', 'сервис принтеров'],
  'fiscal-service': ['fiscal service', 'serwis fiskalny', 'фискальный сервис'],
  'vending-service': ['vending service', 'serwis automatów', 'сервис автоматов'],
  refill: ['refill', 'uzupełnianie towaru', 'пополнение'],
  payments: ['payments', 'płatności', 'платежи'],
  operations: ['operations', 'eksploatacja', 'эксплуатация'],
}

/** Of what kind the line of a store is. */
const LINES: Rows = {
  fibre: ['fibre', 'światłowód', 'оптика'],
  dsl: ['DSL', 'DSL', 'DSL'],
  lte: ['LTE', 'LTE', 'LTE'],
  radio: ['radio', 'radiowe', 'радио'],
  satellite: ['satellite', 'satelita', 'спутник'],
}

const MODES: Rows = {
  plan: ['plan', 'plan', 'план'],
  apply: ['apply', 'zastosowanie', 'применение'],
  drift: ['drift', 'porównanie', 'сверка'],
  exec: ['command', 'polecenie', 'команда'],
}

const ROLES: Rows = {
  viewer: ['viewer', 'podgląd', 'просмотр'],
  helpdesk: ['helpdesk', 'pomoc techniczna', 'поддержка'],
  operator: ['operator', 'operator', 'оператор'],
  approver: ['approver', 'zatwierdzanie', 'согласование'],
  admin: ['admin', 'administrator', 'администратор'],
}

/** Why something is not known, by the texts of the report. */
const GAPS: Rows = {
  'never seen': ['never seen', 'nigdy nie widziano', 'никогда не видели'],
  'not looked at, or not to be judged': [
    'not looked at, or not to be judged',
    'nie sprawdzono albo nie dało się ocenić',
    'не проверялось или не удалось оценить',
  ],
  both: ['both', 'jedno i drugie', 'и то и другое'],
}

const inColumn = (rows: Rows, column: 0 | 1 | 2): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(rows).map(([key, row]) => [key, row[column]]))

/** All of them in one language. */
export function fieldWords(column: 0 | 1 | 2) {
  return {
    severities: inColumn(SEVERITIES, column),
    faults: inColumn(FAULTS, column),
    owners: inColumn(OWNERS, column),
    lines: inColumn(LINES, column),
    modes: inColumn(MODES, column),
    roles: inColumn(ROLES, column),
    gapReasons: inColumn(GAPS, column),
  }
}
