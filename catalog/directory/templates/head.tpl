{{%AUTOESCAPE context="HTML"}}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{TITLE}}</title>
<meta name="description" content="{{DESCRIPTION}}">
{{#ROBOTS}}<meta name="robots" content="noindex, follow">{{/ROBOTS}}
<link rel="canonical" href="{{CANONICAL_URL}}">
<link rel="alternate" type="application/json" href="{{JSON_URL}}">
<link rel="icon" type="image/svg+xml" href="{{ICON_URL}}">
<link rel="stylesheet" href="{{STYLE_URL}}">
<meta property="og:type" content="website">
<meta property="og:site_name" content="Tollgate model directory">
<meta property="og:title" content="{{TITLE}}">
<meta property="og:description" content="{{DESCRIPTION}}">
<meta property="og:url" content="{{CANONICAL_URL}}">
<meta name="twitter:card" content="summary">
{{JSON_LD:none}}
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top">
<div class="wrap bar">
<a class="brand" href="/"><svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true"><path d="M4 21V6M4 9h13.5l2.5 3-2.5 3H4M2 21h5" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/></svg><span>Tollgate</span></a>
<nav aria-label="Main">
<a href="/"{{#ON_MODELS}} aria-current="page"{{/ON_MODELS}}>Models</a>
<a href="/providers"{{#ON_PROVIDERS}} aria-current="page"{{/ON_PROVIDERS}}>Providers</a>
<a class="json" href="{{JSON_URL}}">JSON</a>
</nav>
</div>
</header>
<main id="main" class="wrap">
