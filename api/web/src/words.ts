import type { Language } from './language';

/** Every sentence of the page, once in each language. Words for values of the data fall back to the value itself. */
export interface Words {
  tag: string;
  title: string;
  otherLanguage: string;
  skip: string;

  search: {
    label: string;
    placeholder: string;
    datum: string;
    submit: string;
    clear: string;
    hint: string;
    swapped: string;
    unreadable: string;
    outOfRange: string;
    nothing: (code: string) => string;
    several: string;
    working: string;
  };

  map: {
    label: string;
    zoomIn: string;
    zoomOut: string;
    metres: string;
    kilometres: string;
    hectares: string;
    aim: string;
    pointer: string;
    centre: string;
    failed: string;
    webgl: string;
  };

  legend: { title: string; show: (title: string) => string; other: string; closer: string };

  panel: {
    label: string;
    close: string;
    cell: string;
    noCell: string;
    chain: string;
    town: string;
    noTown: string;
    nearest: string;
    others: string;
    versions: string;
    underPointer: string;
    properties: string;
    inside: (distance: string) => string;
    edge: string;
    outside: (distance: string) => string;
    outsideNoDistance: string;
    loading: string;
    retry: string;
    violations: string;
    at: string;
    yes: string;
    no: string;
    none: string;
  };

  compliance: {
    title: string;
    advisory: string;
    standard: string;
    band: string;
    inputs: string;
    notes: string;
    noFindings: string;
    print: string;
    workbook: string;
    atLeast: (value: string) => string;
    atMost: (value: string) => string;
    chart: (value: string, band: string, verdict: string) => string;
    noValue: string;
  };

  problem: { network: string; timeout: string; shape: string; status: (status: number) => string };

  verdicts: Readonly<Record<string, string>>;
  metrics: Readonly<Record<string, string>>;
  /** What a finding was computed from. */
  inputs: Readonly<Record<string, string>>;
  collections: Readonly<Record<string, string>>;
  things: Readonly<Record<string, string>>;
  fields: Readonly<Record<string, string>>;
  /** Words for values of a property, by property name. */
  values: Readonly<Record<string, Readonly<Record<string, string>>>>;
  datums: Readonly<Record<string, string>>;
  unitsOfMeasure: Readonly<Record<string, string>>;
}

const zh: Words = {
  tag: 'zh-CN',
  title: '特色小镇与网格',
  otherLanguage: 'English',
  skip: '跳到查询框',
  search: {
    label: '查询坐标或编码',
    placeholder: '经度, 纬度，或编码',
    datum: '坐标系',
    submit: '查询',
    clear: '清空',
    hint: '例如 118.9, 29.0；或网格、小镇、单元、图斑、设施的编码。单击地图也可以。',
    swapped: '第二个数大于 90，只能是经度，已按“纬度, 经度”理解。',
    unreadable: '没有读懂这个坐标。请写成“经度, 纬度”，例如 118.9, 29.0。',
    outOfRange: '经度应在 ±180 之间，纬度应在 ±90 之间，请检查顺序和单位（度）。',
    nothing: (code) => `没有编码为“${code}”的要素，请检查编码。`,
    several: '几个图层集都有这个编码，请选择：',
    working: '正在查询…',
  },
  map: {
    label: '地图：用方向键移动，加减号缩放，回车查询中心点',
    zoomIn: '放大',
    zoomOut: '缩小',
    metres: '米',
    kilometres: '公里',
    hectares: '公顷',
    aim: '回车：查询中心点',
    pointer: '指针',
    centre: '中心',
    failed: '地图没有加载成功',
    webgl: '此浏览器不支持 WebGL 2，无法绘制地图；上方的查询仍然可用。',
  },
  legend: { title: '图例', show: (title) => `显示${title}`, other: '其他', closer: '放大地图后可见' },
  panel: {
    label: '查询结果',
    close: '关闭',
    cell: '网格',
    noCell: '不在任何网格内',
    chain: '管理层级',
    town: '特色小镇',
    noTown: '不在特色小镇内',
    nearest: '最近的网格',
    others: '同样覆盖此点的网格',
    versions: '依据的数据版本',
    underPointer: '此处的要素',
    properties: '属性',
    inside: (distance) => `在网格内，距边界 ${distance}`,
    edge: '正好在边界上，按统一规则归入这一个网格',
    outside: (distance) => `在所有网格之外，最近的网格相距 ${distance}`,
    outsideNoDistance: '在所有网格之外',
    loading: '正在查询…',
    retry: '重试',
    violations: '具体问题',
    at: '位置',
    yes: '是',
    no: '否',
    none: '未填',
  },
  compliance: {
    title: '指标符合性',
    advisory: '指南的指标为引导性要求，结论供规划人员参考。',
    standard: '依据',
    band: '标准',
    inputs: '计算依据',
    notes: '说明',
    noFindings: '这个小镇还没有可用的指标结论。',
    print: '完整报告（可打印）',
    workbook: '图斑清单 XLSX',
    atLeast: (value) => `不少于 ${value}`,
    atMost: (value) => `不多于 ${value}`,
    chart: (value, band, verdict) => `实际 ${value}，标准 ${band}，${verdict}`,
    noValue: '缺少数据',
  },
  problem: {
    network: '无法连接服务，请检查网络后重试。',
    timeout: '服务没有及时回答，请稍后重试。',
    shape: '服务的回答不是所约定的格式，请刷新页面；仍不行时请联系管理员。',
    status: (status) => `服务回答了状态 ${status}`,
  },
  verdicts: { 符合: '符合', 偏低: '偏低', 偏高: '偏高', 无法判定: '无法判定' },
  metrics: {
    residential_land_per_resident: '人均居住用地',
    residents: '常住人口',
    residential_land: '居住用地面积',
    facilities_dining: '餐饮设施',
    facilities_shopping: '购物设施',
    industry_headquarters: '总部企业或隐形冠军',
    plan_area: '规划面积',
    construction_area: '建设面积',
  },
  inputs: {
    climateZone: '建筑气候区',
    doubtfulM2: '存疑面积',
    facilitiesInTown: '镇内设施',
    farmBuildings: '计入农业设施建设用地',
    geodesicM2: '椭球面面积',
    implausibleValue: '不可信的数值',
    overlapM2: '重叠面积',
    ownIndustries: '本镇产业',
    parcelsCounted: '计入的图斑',
    parcelsCut: '被边界切开的图斑',
    parcelsDoubtful: '存疑的图斑',
    parcelsLeftOut: '未计入的图斑',
    policy: '统计口径',
    residentialLandM2: '居住用地',
    residents: '常住人口',
    stated: '填报值',
    statedDifferenceM2: '与填报面积之差',
    statedM2: '填报面积',
    townCoveredAtMost: '图斑覆盖率上限',
    trapezoidDifferenceM2: '梯形公式之差',
    trapezoidM2: '梯形公式面积',
    withoutIndustry: '未填产业的企业',
  },
  collections: {
    towns: '特色小镇',
    units: '网格管理单元',
    cells: '网格',
    parcels: '用地图斑',
    facilities: '设施',
    incidents: '事件',
  },
  things: {
    towns: '特色小镇',
    units: '管理单元',
    cells: '网格',
    parcels: '图斑',
    facilities: '设施',
    incidents: '事件',
  },
  fields: {
    class: '类别',
    type: '类型',
    stage: '阶段',
    residents: '常住人口',
    climate_zone: '建筑气候区',
    plan_area: '规划面积',
    level: '层级',
    parent: '上级单元',
    seat_lon: '驻地经度',
    seat_lat: '驻地纬度',
    police: '网格警察',
    instructors: '警务指导员',
    auxiliaries: '协辅警',
    grid_officers: '网格员',
    unit: '所属单元',
    valid_from: '启用日期',
    valid_to: '停用日期',
    land_use: '用地代码',
    land_use_name: '用地名称',
    code_system: '代码体系',
    construction: '建设用地',
    town: '所属小镇',
    stated_area: '标注面积',
    kind: '种类',
    industry: '所属产业',
    address: '地址',
  },
  values: {
    class: { '1': '一类 · 技术与金融服务', '2': '二类 · 实物产品', '3': '三类 · 体验服务' },
    level: { centre: '指挥中心', room: '网格警务室', station: '网格警务站' },
    kind: {
      dining: '餐饮',
      shopping: '购物',
      health: '医疗',
      education: '教育',
      culture: '文化',
      sport: '体育',
      transport: '交通',
      service_point: '网格服务点',
      headquarters: '总部企业',
      hidden_champion: '隐形冠军',
      enterprise: '企业',
      other: '其他',
    },
    code_system: { ydyh2023: '用地用海分类（2023）', sandiao: '第三次国土调查', gb50137: 'GB 50137-2011' },
    land_use: {
      '01': '耕地',
      '02': '园地',
      '03': '林地',
      '04': '草地',
      '05': '湿地',
      '06': '农业设施建设用地',
      '07': '居住用地',
      '08': '公共管理与公共服务用地',
      '09': '商业服务业用地',
      '10': '工矿用地',
      '11': '仓储用地',
      '12': '交通运输用地',
      '13': '公用设施用地',
      '14': '绿地与开敞空间用地',
      '15': '特殊用地',
      '16': '留白用地',
      '17': '陆地水域',
      R: '居住用地',
      A: '公共管理与公共服务用地',
      B: '商业服务业设施用地',
      M: '工业用地',
      W: '物流仓储用地',
      S: '道路与交通设施用地',
      U: '公用设施用地',
      G: '绿地与广场用地',
    },
    construction: { true: '建设用地', false: '非建设用地' },
  },
  datums: { wgs84: 'WGS 84 / CGCS2000', gcj02: 'GCJ-02（高德、腾讯）', bd09: 'BD-09（百度）' },
  unitsOfMeasure: {},
};

const en: Words = {
  tag: 'en',
  title: 'Towns and grid cells',
  otherLanguage: '中文',
  skip: 'Skip to the search box',
  search: {
    label: 'Find a coordinate or a code',
    placeholder: 'lon, lat or a code',
    datum: 'Datum',
    submit: 'Find',
    clear: 'Clear',
    hint: 'Such as 118.9, 29.0; or the code of a cell, town, unit, parcel or facility. A click on the map works too.',
    swapped: 'The second number is above 90 and can only be a longitude, so this was read as “lat, lon”.',
    unreadable: 'This coordinate could not be read. Write it as “lon, lat”, such as 118.9, 29.0.',
    outOfRange: 'Longitude lies within ±180 and latitude within ±90; check their order and that they are degrees.',
    nothing: (code) => `There is no feature with the code “${code}”. Check the code.`,
    several: 'Several collections have this code. Choose one:',
    working: 'Looking…',
  },
  map: {
    label: 'Map: arrow keys move, plus and minus zoom, Enter asks for the centre',
    zoomIn: 'Zoom in',
    zoomOut: 'Zoom out',
    metres: 'm',
    kilometres: 'km',
    hectares: 'ha',
    aim: 'Enter: ask for the centre',
    pointer: 'Pointer',
    centre: 'Centre',
    failed: 'The map could not be loaded',
    webgl: 'This browser has no WebGL 2, so the map cannot be drawn; the search above still works.',
  },
  legend: { title: 'Legend', show: (title) => `Show ${title}`, other: 'Other', closer: 'Seen at a closer zoom' },
  panel: {
    label: 'Result',
    close: 'Close',
    cell: 'Cell',
    noCell: 'In no cell',
    chain: 'Chain of command',
    town: 'Characteristic town',
    noTown: 'Not within a characteristic town',
    nearest: 'Nearest cell',
    others: 'Cells that also claim this point',
    versions: 'Data versions',
    underPointer: 'Features here',
    properties: 'Properties',
    inside: (distance) => `Inside the cell, ${distance} from its border`,
    edge: 'Exactly on a border; by one fixed rule it belongs to this cell alone',
    outside: (distance) => `Outside every cell; the nearest is ${distance} away`,
    outsideNoDistance: 'Outside every cell',
    loading: 'Looking…',
    retry: 'Try again',
    violations: 'In detail',
    at: 'Place',
    yes: 'yes',
    no: 'no',
    none: 'not given',
  },
  compliance: {
    title: 'Against the standard',
    advisory: 'The guide’s figures are advisory; the verdicts are for the planner’s judgement.',
    standard: 'Standard',
    band: 'Band',
    inputs: 'Computed from',
    notes: 'Notes',
    noFindings: 'There are no findings for this town yet.',
    print: 'Full report, to print',
    workbook: 'Parcels as XLSX',
    atLeast: (value) => `at least ${value}`,
    atMost: (value) => `at most ${value}`,
    chart: (value, band, verdict) => `value ${value}, band ${band}, ${verdict}`,
    noValue: 'no data',
  },
  problem: {
    network: 'The service cannot be reached. Check the connection and try again.',
    timeout: 'The service did not answer in time. Try again in a moment.',
    shape: 'The answer does not have the agreed form. Reload the page; if that does not help, tell the administrator.',
    status: (status) => `The service answered with status ${status}`,
  },
  verdicts: { 符合: 'Fits', 偏低: 'Low', 偏高: 'High', 无法判定: 'Cannot be judged' },
  metrics: {
    residential_land_per_resident: 'Residential land per resident',
    residents: 'Residents',
    residential_land: 'Residential land',
    facilities_dining: 'Dining facilities',
    facilities_shopping: 'Shopping facilities',
    industry_headquarters: 'Headquarters or hidden champion',
    plan_area: 'Planned area',
    construction_area: 'Construction land',
  },
  inputs: {
    climateZone: 'Climate zone',
    doubtfulM2: 'Doubtful area',
    facilitiesInTown: 'Facilities in the town',
    farmBuildings: 'Farm buildings counted',
    geodesicM2: 'Area on the ellipsoid',
    implausibleValue: 'Implausible value',
    overlapM2: 'Overlap',
    ownIndustries: 'The town’s own industries',
    parcelsCounted: 'Parcels counted',
    parcelsCut: 'Parcels cut by the boundary',
    parcelsDoubtful: 'Doubtful parcels',
    parcelsLeftOut: 'Parcels left out',
    policy: 'What is counted',
    residentialLandM2: 'Residential land',
    residents: 'Residents',
    stated: 'As stated',
    statedDifferenceM2: 'Difference to the stated area',
    statedM2: 'Stated area',
    townCoveredAtMost: 'Covered by parcels at most',
    trapezoidDifferenceM2: 'Difference by the trapezoid formula',
    trapezoidM2: 'Area by the trapezoid formula',
    withoutIndustry: 'Enterprises without an industry',
  },
  collections: {
    towns: 'Characteristic towns',
    units: 'Management units',
    cells: 'Grid cells',
    parcels: 'Land-use parcels',
    facilities: 'Facilities',
    incidents: 'Incidents',
  },
  things: {
    towns: 'Town',
    units: 'Unit',
    cells: 'Cell',
    parcels: 'Parcel',
    facilities: 'Facility',
    incidents: 'Incident',
  },
  fields: {
    class: 'Class',
    type: 'Type',
    stage: 'Stage',
    residents: 'Residents',
    climate_zone: 'Climate zone',
    plan_area: 'Planned area',
    level: 'Level',
    parent: 'Parent unit',
    seat_lon: 'Longitude of the seat',
    seat_lat: 'Latitude of the seat',
    police: 'Grid police',
    instructors: 'Instructors',
    auxiliaries: 'Auxiliary police',
    grid_officers: 'Grid officers',
    unit: 'Unit',
    valid_from: 'Valid from',
    valid_to: 'Valid to',
    land_use: 'Land-use code',
    land_use_name: 'Land-use name',
    code_system: 'Code system',
    construction: 'Construction land',
    town: 'Town',
    stated_area: 'Stated area',
    kind: 'Kind',
    industry: 'Industry',
    address: 'Address',
  },
  values: {
    class: { '1': 'Class 1 · technology, finance', '2': 'Class 2 · products', '3': 'Class 3 · experience' },
    level: { centre: 'Command centre', room: 'Police room', station: 'Police station' },
    kind: {
      dining: 'Dining',
      shopping: 'Shopping',
      health: 'Health',
      education: 'Education',
      culture: 'Culture',
      sport: 'Sport',
      transport: 'Transport',
      service_point: 'Service point',
      headquarters: 'Headquarters',
      hidden_champion: 'Hidden champion',
      enterprise: 'Enterprise',
      other: 'Other',
    },
    code_system: { ydyh2023: 'Land and sea use (2023)', sandiao: 'Third land survey', gb50137: 'GB 50137-2011' },
    stage: { 规划: 'Planning', 创建: 'Building', 考核: 'Assessment', 验收: 'Acceptance' },
    land_use: {
      '01': 'Cropland',
      '02': 'Orchards',
      '03': 'Forest',
      '04': 'Grassland',
      '05': 'Wetland',
      '06': 'Farm buildings',
      '07': 'Residential',
      '08': 'Public services',
      '09': 'Commercial',
      '10': 'Industry and mining',
      '11': 'Storage',
      '12': 'Transport',
      '13': 'Utilities',
      '14': 'Green and open space',
      '15': 'Special',
      '16': 'Reserved',
      '17': 'Inland water',
      R: 'Residential',
      A: 'Public services',
      B: 'Commercial',
      M: 'Industry',
      W: 'Storage',
      S: 'Roads and transport',
      U: 'Utilities',
      G: 'Green and squares',
    },
    construction: { true: 'Construction land', false: 'Not construction land' },
  },
  datums: { wgs84: 'WGS 84 / CGCS2000', gcj02: 'GCJ-02 (Amap, Tencent)', bd09: 'BD-09 (Baidu)' },
  unitsOfMeasure: { 人: 'people', 'm²/人': 'm² per resident', 个: '', 家: '', 处: '' },
};

const languages: Readonly<Record<Language, Words>> = { zh, en };

/** The page's sentences in a language. */
export function wordsIn(language: Language): Words {
  return languages[language];
}

/**
 * The word for a value of a property, the value itself where there is none.
 * Own properties only: a value such as "constructor" is not a word.
 */
export function wordFor(table: Readonly<Record<string, string>> | undefined, value: string): string {
  return table && Object.hasOwn(table, value) ? (table[value] ?? value) : value;
}
